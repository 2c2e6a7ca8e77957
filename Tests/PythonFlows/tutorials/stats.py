"""Quartiles of movies' earnings, one task for each genre."""

from metaflow import FlowSpec, IncludeFile, step


def beside(name):
    import os
    return os.path.join(os.path.dirname(__file__), name)


class MovieStatsFlow(FlowSpec):
    movies = IncludeFile("movies", help="A table of movies.", default=beside("movies.csv"))

    @step
    def start(self):
        import csv
        self.table = {name: [] for name in ("movie_title", "genres", "gross")}
        for row in csv.DictReader(self.movies.splitlines()):
            for name, column in self.table.items():
                column.append(int(row[name]) if name == "gross" else row[name])
        self.genres = list({genre for genres in self.table["genres"] for genre in genres.split("|")})
        self.next(self.compute, foreach="genres")

    @step
    def compute(self):
        self.genre = self.input
        print("Computing statistics for %s" % self.genre)
        is_chosen = [self.genre in genres for genres in self.table["genres"]]
        for name in self.table:
            self.table[name] = [value for value, chosen in zip(self.table[name], is_chosen) if chosen]
        order = sorted(range(len(self.table["gross"])), key=self.table["gross"].__getitem__)
        for name in self.table:
            self.table[name] = [self.table[name][place] for place in order]
        count = len(order)
        self.quartiles = [self.table["gross"][min(count - 1, round(count * cut))] for cut in (0.25, 0.5, 0.75)]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.statistics = {
            each.genre.lower(): {"quartiles": each.quartiles, "table": each.table} for each in inputs}
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    MovieStatsFlow()
