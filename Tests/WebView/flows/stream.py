"""Writes a line after the other until the gate is there."""

import os
import sys
import time

from metaflow import FlowSpec, Parameter, step


class StreamFlow(FlowSpec):
    gate = Parameter("gate", help="The step ends when this file is there.", required=True)

    @step
    def start(self):
        number = 0
        while not os.path.exists(self.gate):
            print(f"line {number}", file=sys.stderr if number % 5 == 4 else sys.stdout, flush=True)
            number += 1
            time.sleep(0.1)
        print("the last line", flush=True)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    StreamFlow()
