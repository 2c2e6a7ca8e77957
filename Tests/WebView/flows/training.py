import os
import pathlib
import sys
import time

from metaflow import FlowSpec, Parameter, current, parallel, step


class TrainingFlow(FlowSpec):
    """Trains on three nodes, of which one fails."""

    epochs = Parameter("epochs", default=3)
    failing = Parameter("failing", default=1)

    @step
    def start(self):
        self.numbers = list(range(5))
        self.next(self.train, num_parallel=3)

    @parallel
    @step
    def train(self):
        node = current.parallel.node_index
        self.rank = node
        for epoch in range(self.epochs):
            print(f"node {node} epoch {epoch} loss {1 / (epoch + 1):.2f}", flush=True)
        print("a warning", file=sys.stderr, flush=True)
        pathlib.Path(f"printed-{node}").touch()
        if node == self.failing:
            while not all(pathlib.Path(f"printed-{other}").exists() for other in range(3)):
                time.sleep(0.05)
            print("<script>window.pwned = 1</script>", file=sys.stderr, flush=True)
            os.kill(os.getpid(), 9)
        if self.failing >= 0:
            time.sleep(60)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.ranks = [each.rank for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    TrainingFlow()
