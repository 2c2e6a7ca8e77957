"""Writes many lines."""

from metaflow import FlowSpec, Parameter, step


class LongFlow(FlowSpec):
    lines = Parameter("lines", default=1000)

    @step
    def start(self):
        for number in range(self.lines):
            print(f"long line {number}")
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    LongFlow()
