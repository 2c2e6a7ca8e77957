import ctypes

from metaflow import FlowSpec, step


class FaultFlow(FlowSpec):
    """Crashes in compiled code."""

    @step
    def start(self):
        print("before the fault")
        ctypes.string_at(0)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    FaultFlow()
