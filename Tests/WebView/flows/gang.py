"""Three nodes, of which node 1 is killed once the gate is there."""

import os
import signal
import time

from metaflow import FlowSpec, Parameter, current, parallel, step


class GangFlow(FlowSpec):
    gate = Parameter("gate", help="Node 1 dies when this file is there.", required=True)

    @step
    def start(self):
        self.next(self.work, num_parallel=3)

    @parallel
    @step
    def work(self):
        print(f"node {current.parallel.node_index} is at work", flush=True)
        while not os.path.exists(self.gate) or current.parallel.node_index != 1:
            time.sleep(0.05)
        print("node 1 dies now", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    GangFlow()
