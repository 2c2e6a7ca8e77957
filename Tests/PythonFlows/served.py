import os

from metaflow import FlowSpec, step


class ServedFlow(FlowSpec):
    """Says whether one server ran all of its steps."""

    @step
    def start(self):
        self.parents = [os.getppid()]
        self.next(self.end)

    @step
    def end(self):
        print("served:", self.parents == [os.getppid()], __name__, os.path.basename(__file__), __file__ != os.path.abspath("served.py"))


if __name__ == "__main__":
    ServedFlow()
