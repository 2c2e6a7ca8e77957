"""Parameters have the values that Python parses from their texts."""
from metaflow import FlowSpec, IncludeFile, JSONType, Parameter, step


class TextsFlow(FlowSpec):
    ceiling = Parameter("ceiling", default=float("inf"))
    floor = Parameter("floor", type=float, default="-0.0")
    many = Parameter("many", default=10 ** 30)
    shape = Parameter("shape", type=JSONType, default='{"b": 1.0, "a": [NaN, -0.0, 123456789012345678901]}')
    pair = Parameter("pair", default=(1, 2.0))
    needed = Parameter("needed", required=True, default=2)
    note = IncludeFile("note", default="note.txt")

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        print("texts:", [self.ceiling, self.floor, self.many, self.shape, self.pair, self.needed, self.note])


if __name__ == "__main__":
    TextsFlow()
