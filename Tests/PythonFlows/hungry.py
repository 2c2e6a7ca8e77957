"""A step that uses three times the memory that it asks for."""

from metaflow import FlowSpec, resources, step


class HungryFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.work)

    @resources(memory=300)
    @step
    def work(self):
        self.size = len(b"x" * 900_000_000)
        self.next(self.end)

    @step
    def end(self):
        print("hungry:", self.size)


if __name__ == "__main__":
    HungryFlow()
