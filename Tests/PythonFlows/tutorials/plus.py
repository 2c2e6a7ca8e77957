"""A playlist from the results of another flow. One of its steps has a package of its own."""

import platform

from metaflow import FlowSpec, Parameter, conda, conda_base, step


@conda_base(python=platform.python_version())
class PlaylistPlusFlow(FlowSpec):
    genre = Parameter("genre", help="Movies of this genre are recommended.", default="Sci-Fi")
    hint = Parameter("hint", help="The bonus movie has a name like this.", default="The Planned Release")

    @step
    def start(self):
        from metaflow import Flow, get_metadata
        print("Using metadata provider: %s" % get_metadata())
        run = Flow("MovieStatsFlow").latest_successful_run
        print("Using analysis from '%s'" % str(run))
        # The state of the run before its tasks change it.
        self.table = run["start"].task.data.table
        self.statistics = run.data.statistics
        self.next(self.bonus, self.of_genre)

    @conda(libraries={"editdistance": "0.8.1"})
    @step
    def bonus(self):
        import editdistance
        distances = [editdistance.eval(self.hint, title) for title in self.table["movie_title"]]
        place = distances.index(min(distances))
        self.other = self.table["movie_title"][place], self.table["genres"][place]
        self.next(self.join)

    @step
    def of_genre(self):
        """Returns the movies with the highest earnings."""
        found = self.statistics[self.genre.lower()]
        table, least = found["table"], found["quartiles"][-1]
        self.titles = [title for title, gross in zip(table["movie_title"], table["gross"]) if gross >= least]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.playlist = inputs.of_genre.titles
        self.other = inputs.bonus.other
        self.next(self.end)

    @step
    def end(self):
        print("Playlist for movies in genre '%s'" % self.genre)
        for number, title in enumerate(self.playlist, start=1):
            print("Pick %d: '%s'" % (number, title))
        print("Bonus Pick: '%s' from '%s'" % self.other)


if __name__ == "__main__":
    PlaylistPlusFlow()
