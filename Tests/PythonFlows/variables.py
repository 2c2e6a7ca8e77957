"""A flow whose own file sets variables that give parameters their values."""

import os

from metaflow import FlowSpec, Parameter, get_namespace, step

os.environ["METAFLOW_RUN_ALPHA"] = "5"
os.environ["METAFLOW_RUN_NAMES"] = "a,b"


class VariablesFlow(FlowSpec):
    alpha = Parameter("alpha", default=3)
    beta = Parameter("beta", default=3)
    names = Parameter("names", default="", separator=",")

    @step
    def start(self):
        self.seen = self.alpha, self.beta, self.names, get_namespace()
        self.next(self.end)

    @step
    def end(self):
        print("seen:", *self.seen)


if __name__ == "__main__":
    VariablesFlow()
