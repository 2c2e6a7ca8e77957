"""A gang whose nodes say where they are, with a body that fails, waits or ends as it is told."""

import os
import socket
import time

from metaflow import FlowSpec, Parameter, current, parallel, step


class PlacedFlow(FlowSpec):
    mode = Parameter("mode", default="ends")
    marks = Parameter("marks", default="")

    @step
    def start(self):
        self.next(self.train, num_parallel=3)

    @parallel
    @step
    def train(self):
        self.host, self.job = socket.gethostname(), os.environ.get("SLURM_JOB_ID")
        index = current.parallel.node_index
        print(f"node {index} of {current.parallel.num_nodes} on {self.host}")
        if self.marks:
            with open(f"{self.marks}/{index}.{os.getpid()}.{socket.gethostname()}", "w"):
                pass
        if self.mode == "fails" and index == 1:
            raise ValueError("told to fail")
        if self.mode in ("waits", "fails"):
            while not os.path.exists(f"{self.marks}/go"):
                time.sleep(0.1)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.hosts = [each.host for each in inputs]
        self.jobs = sorted({each.job for each in inputs})
        self.next(self.end)

    @step
    def end(self):
        print(f"placed: {self.hosts} {len(self.jobs)}")


if __name__ == "__main__":
    PlacedFlow()
