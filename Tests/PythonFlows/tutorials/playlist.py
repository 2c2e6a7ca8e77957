"""A playlist of movies of one genre: a file and parameters as input, branches that run at the same time, and a join."""

from metaflow import FlowSpec, IncludeFile, Parameter, step


def beside(name):
    """So that the flow can be started from any folder."""
    import os
    return os.path.join(os.path.dirname(__file__), name)


class PlaylistFlow(FlowSpec):
    movies = IncludeFile("movies", help="A table of movies.", default=beside("movies.csv"))
    genre = Parameter("genre", help="Movies of this genre are recommended.", default="Sci-Fi")
    recommendations = Parameter("recommendations", help="How many movies are recommended.", default=5)

    @step
    def start(self):
        """Reads the table."""
        import csv
        self.table = [(row["movie_title"], row["genres"]) for row in csv.DictReader(self.movies.splitlines())]
        self.next(self.bonus, self.of_genre)

    @step
    def bonus(self):
        """A movie of another genre."""
        from random import choice
        self.other = choice([row for row in self.table if self.genre.lower() not in row[1].lower()])
        self.next(self.join)

    @step
    def of_genre(self):
        from random import shuffle
        self.titles = [title for title, genres in self.table if self.genre.lower() in genres.lower()]
        shuffle(self.titles)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.playlist = inputs.of_genre.titles
        self.other = inputs.bonus.other
        self.next(self.end)

    @step
    def end(self):
        print("Playlist for movies in genre '%s'" % self.genre)
        for number, title in enumerate(self.playlist[:self.recommendations], start=1):
            print("Pick %d: '%s'" % (number, title))
        print("Bonus Pick: '%s' from '%s'" % self.other)


if __name__ == "__main__":
    PlaylistFlow()
