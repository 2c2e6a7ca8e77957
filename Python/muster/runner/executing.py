"""ExecutingRun: a run that was started from Python, with its output, its state and its Run."""

import json
import os
import subprocess
import sys
import tempfile
import time

from ..errors import MusterException

# Seconds between two polls of a run.
PAUSE = 0.02


class RunnerError(MusterException, RuntimeError):
    """The run has not begun."""


class ExecutingRun:
    """A run that was started here."""

    def __init__(self, runner):
        self.runner = runner
        self.folder = tempfile.mkdtemp(prefix="muster-run-")
        self.attribute_file = os.path.join(self.folder, "attributes")
        self._attributes = None
        self.wanted_file = None
        self.process = None
        self.is_late = False

    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc_value, traceback):
        self._forget()

    def _begin(self, words, environment, folder, wanted_file):
        """Starts the run. wanted_file: a copy of the attribute file goes there once the run has begun; None for no
        copy.
        """
        self.command = words
        self.wanted_file = wanted_file and os.path.join(folder or ".", wanted_file)
        with open(self._file("stdout"), "wb") as output, open(self._file("stderr"), "wb") as errors:
            self.process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, env=environment, cwd=folder)

    def _file(self, stream):
        return os.path.join(self.folder, stream)

    def _forget(self):
        import shutil
        shutil.rmtree(self.folder, ignore_errors=True)

    def _key(self):
        """Returns the content of the attribute file, which identifies the run; None until it has begun. It is read
        once, because the file may be removed.
        """
        if self._attributes is None:
            try:
                with open(self.attribute_file) as file:
                    self._attributes = json.load(file)
            except FileNotFoundError:
                return None
        return self._attributes

    def _require(self):
        if self._key() is None:
            raise RunnerError(f"the run of {self.runner.flow_file} did not begin (exit code {self.returncode}):\n{self.stderr}")
        if self.wanted_file:
            import shutil
            shutil.copyfile(self.attribute_file, self.wanted_file)
            self.wanted_file = None

    @property
    def run(self):
        """The client's Run."""
        from ..client import Run
        from ..client.store import Store
        self._require()
        key = self._key()
        store = Store(key["metadata"].partition("@")[2])
        return Run(f"{key['flow_name']}/{key['run_id']}", _store=store, _namespace_check=False)

    @property
    def returncode(self):
        return self.process.poll()

    @property
    def status(self):
        """`running`, `successful`, `failed`, or `timeout` if the run was ended because it took too long."""
        code = self.returncode
        return "timeout" if self.is_late else "running" if code is None else "successful" if code == 0 else "failed"

    @property
    def stdout(self):
        return self._text("stdout")

    @property
    def stderr(self):
        return self._text("stderr")

    def _text(self, stream):
        with open(self._file(stream), errors="replace") as file:
            return file.read()

    async def wait(self, timeout=None, stream=None):
        """Waits until the run is over, and prints `stdout` or `stderr` meanwhile. Ends the run after `timeout` seconds."""
        import asyncio
        deadline = None if timeout is None else time.monotonic() + timeout
        with _Shown(self, [stream] if stream else []) as shown:
            while not shown.pass_on():
                if deadline is not None and time.monotonic() > deadline and not self.is_late:
                    self.is_late = True
                    sys.stderr.write(f"the run of {self.runner.flow_file} has not ended within {timeout} s and is ended\n")
                    self.process.terminate()
                await asyncio.sleep(PAUSE)
        self._require()
        return self

    def _finish(self, streams):
        with _Shown(self, streams) as shown:
            while not shown.pass_on():
                time.sleep(PAUSE)
        self._require()
        return self

    def terminate(self):
        """Ends the run. It is stored as cancelled."""
        self.process.terminate()
        self.process.wait()

    async def stream_log(self, stream, position=None):
        """Yields (position, line) of `stdout` or `stderr` until the run is over."""
        import asyncio
        with open(self._file(stream), errors="replace") as file:
            file.seek(position or 0)
            while True:
                is_over = self.process.poll() is not None
                line = file.readline()
                if line:
                    yield file.tell(), line.rstrip("\n")
                elif is_over:
                    return
                else:
                    await asyncio.sleep(PAUSE)


class _Shown:
    """Copies a run's output to this program's own."""

    def __init__(self, executing, streams):
        self.executing = executing
        self.files = [(open(executing._file(each), errors="replace"), getattr(sys, each)) for each in streams]

    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc_value, traceback):
        for file, _ in self.files:
            file.close()

    def pass_on(self):
        """Copies new output. Returns true if the run is over, so that no more output follows."""
        is_over = self.executing.returncode is not None
        for file, target in self.files:
            target.write(file.read())
            target.flush()
        return is_over
