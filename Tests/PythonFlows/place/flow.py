"""Prints the folders of its steps, the files that they find there, and those that they leave for each other."""

import os
from pathlib import Path

from metaflow import FlowSpec, Parameter, current, parallel, step
from muster.running import running

import beside

HERE = Path(__file__).resolve().parent


class PlaceFlow(FlowSpec):
    change = Parameter("change", default="", help="A file that the first step appends a line to.")

    @step
    def start(self):
        self.folder = os.getcwd()
        self.source = str(HERE)
        self.helper = str(Path(beside.__file__).resolve().parent)
        self.found = sorted(os.listdir(HERE / "results"))
        self.ignored = (HERE / "ignored.bin").exists()
        Path("plot.txt").write_text("a plot")
        (HERE / "results" / "checkpoint.bin").write_text("weights")
        with open(HERE / "results" / "table.csv", "a") as table:
            table.write("1,2\n")
        if self.change:
            with open(HERE / self.change, "a") as file:
                file.write("\nCHANGED = True\n")
        self.next(self.each, foreach="folders")

    folders = ["a", "b"]

    @step
    def each(self):
        self.sees = (os.path.exists("plot.txt"), getattr(beside, "CHANGED", False))
        self.next(self.join)

    @step
    def join(self, inputs):
        self.sees = sorted({each.sees for each in inputs})
        self.merge_artifacts(inputs, include=["folder", "source", "helper", "found", "ignored"])
        self.next(self.gang, num_parallel=2)

    @parallel
    @step
    def gang(self):
        if current.parallel.node_index == 0:
            Path("sent.txt").write_text("from node 0")
            os.chmod("sent.txt", 0o640)
        current.parallel.barrier()
        if current.parallel.node_index == 0:
            running.task.agent.ask({"broadcast": {"path": "sent.txt"}})
        current.parallel.barrier()
        self.sent = Path("sent.txt").read_text()
        current.parallel.launch(["sh", "launched.sh"])
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.sent = [each.sent for each in inputs]
        self.merge_artifacts(inputs, exclude=["sent"])
        self.next(self.end)

    @step
    def end(self):
        print("PLACE", "source" if self.folder == self.source else "elsewhere", self.helper == self.source, self.found,
              self.ignored, self.sees, self.sent)
        print("FOLDER", self.folder)


if __name__ == "__main__":
    PlaceFlow()
