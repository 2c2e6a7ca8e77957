"""A task on Slurm that has much and knows secrets: 5 MB of parameters, 2,000 inputs, 200 variables. The test puts its folder in."""

import os
import time

from metaflow import FlowSpec, IncludeFile, environment, secrets, slurm, step

FOLDER = "FOLDER_OF_THE_TEST"


class SealedFlow(FlowSpec):
    text = IncludeFile("text", default=f"{FOLDER}/text")

    @step
    def start(self):
        self.items = list(range(2000))
        self.next(self.work, foreach="items")

    @step
    def work(self):
        self.number = self.input
        self.next(self.join)

    @slurm
    @environment(vars={f"VARIABLE_{number}": "v" * 100 for number in range(200)})
    @secrets(sources=[{"type": "file", "options": {"path": f"{FOLDER}/secrets.env"}}])
    @step
    def join(self, inputs):
        assert len(self.text) == 5_000_000 and os.environ["VARIABLE_199"] == "v" * 100
        self.total = sum(each.number for each in inputs)
        self.knows = len(os.environ["TOKEN_OF_THE_TEST"])
        self.aws = os.environ.get("AWS_SECRET_ACCESS_KEY", "nothing")
        open(f"{FOLDER}/begun", "w").close()
        while not os.path.exists(f"{FOLDER}/go"):
            time.sleep(0.05)
        self.next(self.end)

    @step
    def end(self):
        print(f"sealed: {self.total} {self.knows} {self.aws}")


if __name__ == "__main__":
    SealedFlow()
