"""Many tasks at once, each a job of its own."""

from metaflow import FlowSpec, Parameter, step


class BatchManyFlow(FlowSpec):
    count = Parameter("count", default=1000)

    @step
    def start(self):
        self.numbers = list(range(self.count))
        self.next(self.work, foreach="numbers")

    @step
    def work(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    BatchManyFlow()
