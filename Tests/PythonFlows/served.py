import os
import sys

from metaflow import FlowSpec, step

# The process that has executed this module.
READER = os.getpid()


class ServedFlow(FlowSpec):
    """Prints whether one process has forked all of its steps, and whether each of them has executed this module itself."""

    @step
    def start(self):
        self.first = os.getpid()
        self.server = os.getppid() if self.is_served() else None
        self.next(self.end)

    @step
    def end(self):
        is_served = self.server is not None and self.server == os.getppid() and self.first != os.getpid()
        print("served:", is_served, READER == os.getpid(), __name__, os.path.basename(__file__), len(sys.argv))

    @staticmethod
    def is_served():
        with open("/proc/self/cmdline", "rb") as file:
            return b"serve" in file.read().split(b"\0")


if __name__ == "__main__":
    ServedFlow()
