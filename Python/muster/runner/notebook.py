"""Runs a flow of a notebook: `run = NBRunner(MyFlow).nbrun(alpha=0.5)` at the end of its cell."""

import ast
import os
import tempfile

from ..errors import MusterException
from .runner import Runner


class NBRunnerInitializationError(MusterException):
    """There is no notebook, or the flow is not in the cell."""


class NBRunner:
    """Runs the flow of the cell that makes this object. The cell up to the flow's end is written to a file.

    base_dir: the folder of that file, in which the flow runs; by default the current one. All other options are
    Runner's.
    """

    def __init__(self, flow, show_output=True, profile=None, env=None, base_dir=None, file_read_timeout=3600, **options):
        self.flow = flow
        self.base_dir = base_dir if base_dir is not None else os.getcwd()
        source = source_of(flow.__name__, _cell())
        with tempfile.NamedTemporaryFile(
                "w", prefix=flow.__name__, suffix=".py", dir=self.base_dir, delete=False, encoding="utf-8") as file:
            file.write(source)
        self.flow_file = file.name
        # The notebook's server sets this variable for its own kernel.
        self.runner = Runner(
            self.flow_file, show_output, profile, {**(env or {}), "JPY_PARENT_PID": ""}, self.base_dir, file_read_timeout,
            **options)

    def nbrun(self, **options):
        """Runs the flow to its end and removes its file. Returns the run."""
        return self._whole(self.runner.run, options)

    def nbresume(self, **options):
        """Goes on with a run to its end and removes the flow's file. Returns the run."""
        return self._whole(self.runner.resume, options)

    def _whole(self, act, options):
        try:
            return act(**options).run
        finally:
            self.cleanup()

    def run(self, **options):
        return self.runner.run(**options)

    def resume(self, **options):
        return self.runner.resume(**options)

    async def async_run(self, **options):
        return await self.runner.async_run(**options)

    async def async_resume(self, **options):
        return await self.runner.async_resume(**options)

    def cleanup(self):
        """Removes the flow's file and the files of the output."""
        if os.path.exists(self.flow_file):
            os.remove(self.flow_file)
        self.runner.cleanup()


def _cell():
    """Returns the text of the running cell."""
    try:
        from IPython import get_ipython
        shell = get_ipython()
    except ImportError:
        shell = None
    if shell is None:
        raise NBRunnerInitializationError(
            "NBRunner is for notebooks: it runs the flow of the cell that it stands in; Runner('flow.py') runs a file")
    return shell.history_manager.input_hist_raw[-1]


def source_of(name, cell):
    """Returns a program with a cell's text up to the end of the flow `name`."""
    # Magics become comments, so that line numbers are the cell's.
    lines = [f"# {line}" if line.startswith(("%", "!")) else line for line in cell.splitlines()]
    try:
        nodes = ast.parse("\n".join(lines)).body
    except SyntaxError as error:
        raise NBRunnerInitializationError(f"the cell cannot be read as a program: line {error.lineno}: {error.msg}") from None
    flow = next((node for node in nodes if isinstance(node, ast.ClassDef) and node.name == name), None)
    if flow is None:
        raise NBRunnerInitializationError(
            f"the flow {name} is not in this cell; write it, and the imports that it needs, into the cell that runs it")
    return "\n".join([*lines[:flow.end_lineno], "", "", "if __name__ == '__main__':", f"    {name}()", ""])
