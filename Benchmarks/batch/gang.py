"""A gang that says that its bodies have begun, and waits if it is told to."""

import time

from metaflow import FlowSpec, Parameter, current, parallel, step


class BatchGangFlow(FlowSpec):
    nodes = Parameter("nodes", default=4)
    seconds = Parameter("seconds", default=0.0)

    @step
    def start(self):
        self.next(self.work, num_parallel=self.nodes)

    @parallel
    @step
    def work(self):
        print(f"node {current.parallel.node_index} of {self.nodes}", flush=True)
        time.sleep(self.seconds)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    BatchGangFlow()
