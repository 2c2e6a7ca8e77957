"""Trains on four nodes, and one of them diverges."""

import math
import pathlib
import time

from metaflow import FlowSpec, Parameter, current, parallel, step


class DivergingFlow(FlowSpec):
    """A training run on four nodes, one of which fails."""

    epochs = Parameter("epochs", default=6)
    rate = Parameter("rate", default=0.3)

    @step
    def start(self):
        self.shards = 4
        self.next(self.train, num_parallel=self.shards)

    @parallel
    @step
    def train(self):
        node = current.parallel.node_index
        for epoch in range(self.epochs):
            loss = math.nan if node == 2 and epoch == 4 else math.exp(-self.rate * epoch) * (1 + node / 50)
            print(f"epoch {epoch}  loss {loss:.4f}", flush=True)
            if math.isnan(loss):
                while not all(pathlib.Path(f"{other}.done").exists() for other in range(4) if other != node):
                    time.sleep(0.05)
                raise ValueError(f"the loss is not a number in epoch {epoch}")
            time.sleep(0.3)
        pathlib.Path(f"{node}.done").touch()
        time.sleep(60)
        self.next(self.evaluate)

    @step
    def evaluate(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    DivergingFlow()
