"""Elements of a foreach that exist nowhere else, each over 16 KiB."""
from metaflow import FlowSpec, step

SIZE = 20_000


class Labelled:
    """Like a sorted pandas Series, whose positions and labels differ."""

    def __init__(self, values):
        self.values = values

    def __iter__(self):
        return reversed(self.values)

    def __getitem__(self, label):
        return self.values[label]


def block(number, size=SIZE):
    return bytes([number]) * size


class ElementsFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.labelled, self.unordered, self.nested, self.huge)

    @step
    def labelled(self):
        self.values = Labelled([block(n) for n in range(5)])
        self.next(self.label, foreach="values")

    @step
    def label(self):
        self.values = None
        self.next(self.label_late)

    @step
    def label_late(self):
        self.found = (self.index, self.input[0], len(self.input))
        self.next(self.label_join)

    @step
    def label_join(self, inputs):
        self.labels = [each.found for each in inputs]
        self.next(self.join)

    @step
    def unordered(self):
        self.values = {str(n) * SIZE for n in range(6)}
        self.next(self.some, foreach="values")

    @step
    def some(self):
        self.found = self.input[0]
        self.next(self.some_join)

    @step
    def some_join(self, inputs):
        self.members = sorted(each.found for each in inputs)
        self.next(self.join)

    @step
    def nested(self):
        self.values = [[block(1), block(2)], [block(3), block(4)]]
        self.next(self.outer, foreach="values")

    @step
    def outer(self):
        self.values = self.input
        self.next(self.inner, foreach="values")

    @step
    def inner(self):
        self.values = None
        (_, _, outer), (_, _, inner) = self.foreach_stack()
        self.found = (inner[0], outer[0][0], outer[1][0], inner == self.input)
        self.next(self.inner_join)

    @step
    def inner_join(self, inputs):
        self.found = [each.found for each in inputs]
        self.first = self.input[0][0]
        self.next(self.outer_join)

    @step
    def outer_join(self, inputs):
        self.pairs = [(each.first, each.found) for each in inputs]
        self.next(self.join)

    @step
    def huge(self):
        self.values = [block(7, 70 << 20), 1.0, -0.0]
        self.next(self.one, foreach="values")

    @step
    def one(self):
        self.found = repr(self.input) if isinstance(self.input, float) else len(self.input)
        self.next(self.one_join)

    @step
    def one_join(self, inputs):
        self.sizes = [each.found for each in inputs]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.all = (
            inputs.label_join.labels == [(n, 4 - n, SIZE) for n in range(5)], inputs.some_join.members,
            inputs.outer_join.pairs, inputs.one_join.sizes)
        self.next(self.end)

    @step
    def end(self):
        print("elements:", *self.all)


if __name__ == "__main__":
    ElementsFlow()
