"""Variables that are no UTF-8 reach every step and its processes unchanged."""
import os
import subprocess
import sys

from metaflow import FlowSpec, environment, current, parallel, step

SHOW = "import os, sys; sys.stdout.write(repr(os.environb.get(b'ODD')))"


class BytesFlow(FlowSpec):
    @environment(vars={"TEXT": "zwölf"})
    @step
    def start(self):
        self.seen = [os.environb.get(b"ODD"), os.environb.get(b"EVEN"), os.environb[b"TEXT"]]
        self.child = subprocess.check_output([sys.executable, "-c", SHOW], text=True)
        self.next(self.nodes, num_parallel=2)

    @environment(vars={"ODD": "given"})
    @parallel
    @step
    def nodes(self):
        self.given = os.environb[b"ODD"], os.environb.get(b"EVEN")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.given = [each.given for each in inputs]
        self.merge_artifacts(inputs, exclude=["given"])
        self.next(self.end)

    @step
    def end(self):
        print("bytes:", self.seen, self.child, self.given)


if __name__ == "__main__":
    BytesFlow()
