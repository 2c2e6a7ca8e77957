import numpy
from metaflow import FlowSpec, step

COUNT = 256 << 20


class ArrayFlow(FlowSpec):
    @step
    def start(self):
        self.weights = numpy.random.default_rng(1).random(COUNT, dtype=numpy.float32)
        self.total = float(self.weights[::1000].sum())
        self.next(self.end)

    @step
    def end(self):
        assert self.weights.nbytes == 1 << 30
        assert float(self.weights[::1000].sum()) == self.total


if __name__ == "__main__":
    ArrayFlow()
