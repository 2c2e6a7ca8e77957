import numpy
from metaflow import FlowSpec, step

COUNT = 64 << 20


def combined_bits(numbers):
    return int(numpy.bitwise_xor.reduce(numbers.view(numpy.uint32)))


class ArtifactFlow(FlowSpec):
    @step
    def start(self):
        self.weights = numpy.random.default_rng(1).random(COUNT, dtype=numpy.float32)
        self.bits = combined_bits(self.weights)
        self.next(self.end)

    @step
    def end(self):
        assert self.weights.size == COUNT
        assert combined_bits(self.weights) == self.bits


if __name__ == "__main__":
    ArtifactFlow()
