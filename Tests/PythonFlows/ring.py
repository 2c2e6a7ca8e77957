"""A gang with a decorator that the flow derives from Metaflow's."""

import functools
import os

from metaflow import FlowSpec, current, step
from metaflow.decorators import _base_step_decorator
from metaflow.plugins.parallel_decorator import ParallelDecorator


class Ring(ParallelDecorator):
    name = "ring"
    defaults = {"port": 7000}
    IS_PARALLEL = True

    def setup_distributed_env(self, flow):
        place = current.parallel
        after = (place.node_index + 1) % place.num_nodes
        os.environ["RING"] = f"{place.node_index} to {after} at {self.attributes['port']} for {flow.reason}"


ring = functools.partial(_base_step_decorator, Ring)


class RingFlow(FlowSpec):
    @step
    def start(self):
        self.reason = "a test"
        self.next(self.work, num_parallel=3)

    @ring(port=8000)
    @step
    def work(self):
        self.place = os.environ["RING"]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.places = [each.place for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        print("ring:", self.places)


if __name__ == "__main__":
    RingFlow()
