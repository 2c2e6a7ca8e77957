"""Runs a flow of a notebook's cell. Of IPython it fakes the history of cells."""

import os
import sys
import types

CELL = """
from metaflow import FlowSpec, NBRunner, Parameter, step

class CellFlow(FlowSpec):
    alpha = Parameter("alpha", default=3)

    @step
    def start(self):
        self.doubled = self.alpha * 2
        self.next(self.end)

    @step
    def end(self):
        pass

run = NBRunner(CellFlow, show_output=False, base_dir=FOLDER).nbrun(alpha=21, tags=["cell"])
"""

history = types.SimpleNamespace(input_hist_raw=["1 + 1", CELL])
shell = types.SimpleNamespace(history_manager=history)
sys.modules["IPython"] = types.SimpleNamespace(get_ipython=lambda: shell)
cell = {"FOLDER": sys.argv[1]}
exec(CELL, cell)
run = cell["run"]
print(run.successful, run.data.doubled, sorted(run.user_tags), sorted(os.listdir(sys.argv[1])))
