from metaflow import FlowSpec, step


class Point:
    def __init__(self, x):
        self.x = x


class NestedFlow(FlowSpec):
    """A foreach in a foreach, over elements that JSON cannot hold, with a step between and after."""

    @step
    def start(self):
        self.rows = [Point(1), Point(2)]
        self.next(self.row, foreach="rows")

    @step
    def row(self):
        self.columns = {("a", 1.0), ("b", 2.0), ("c", 3.0)}
        self.next(self.cell, foreach="columns")

    @step
    def cell(self):
        (_, _, outer), (index, count, inner) = self.foreach_stack()
        assert count == 3 and index == self.index and inner == self.input
        self.place = (outer.x, inner)
        self._aside = "people do not see it unless they ask"
        self.next(self.after)

    @step
    def after(self):
        assert self.foreach_stack()[0][2].x == self.place[0]
        assert self.input == self.place[1]
        self.next(self.join_row)

    @step
    def join_row(self, inputs):
        assert self.input.x == inputs[0].place[0]
        self.places = [each.place for each in inputs]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.places = sorted(place for each in inputs for place in each.places)
        self.next(self.end)

    @step
    def end(self):
        assert self.index is None and self.input is None
        print("nested:", len(self.places), self.places[0], self.places[-1])


if __name__ == "__main__":
    NestedFlow()
