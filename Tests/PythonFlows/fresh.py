"""A module's random numbers, files and objects are every task's own, served or not."""

import os
import random
import tempfile
import uuid

from metaflow import FlowSpec, step

NUMBERS = random.Random()
TOKEN = uuid.uuid4().hex
PROCESS = os.getpid()
KEEP = tempfile.TemporaryDirectory()
PLACE = tempfile.mkdtemp()
os.makedirs("fresh-out", exist_ok=True)


class FreshFlow(FlowSpec):
    @step
    def start(self):
        self.parts = list(range(6))
        self.next(self.draw, foreach="parts")

    @step
    def draw(self):
        for place in (KEEP.name, PLACE, "fresh-out"):
            with open(os.path.join(place, f"part-{self.input}"), "w") as file:
                file.write("there")
        self.drawn = NUMBERS.random(), TOKEN, KEEP.name, PLACE
        self.is_own = PROCESS == os.getpid()
        self.next(self.join)

    @step
    def join(self, inputs):
        self.different = [len(set(each)) for each in zip(*(each.drawn for each in inputs))]
        self.are_own = all(each.is_own for each in inputs)
        self.next(self.end)

    @step
    def end(self):
        print("different:", self.different, "own:", self.are_own)


if __name__ == "__main__":
    FreshFlow()
