import numpy
import pandas
from metaflow import FlowSpec, step


class ImportsFlow(FlowSpec):
    @step
    def start(self):
        self.items = list(range(50))
        self.next(self.work, foreach="items")

    @step
    def work(self):
        self.element = self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.elements = [each.element for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        assert numpy and pandas and sorted(self.elements) == list(range(50))


if __name__ == "__main__":
    ImportsFlow()
