"""Runs flows from Python: `Runner('flow.py').run(alpha=0.5).run.data.accuracy`."""

import json
import os
import subprocess
import sys
import tempfile
import time

from .errors import MusterException


#: Seconds between two looks at a run.
PAUSE = 0.02


class RunnerError(MusterException):
    """The run did not come into being."""


class Runner:
    """One flow's file. Options before the verb are given here (`environment='pypi'`), those of the run to `run`.

        with Runner('flow.py', show_output=False) as runner:
            result = runner.run(alpha=0.5, max_workers=4, tags=['nightly'])
            print(result.status, result.run.data.accuracy)
    """

    def __init__(self, flow_file, show_output=True, profile=None, env=None, cwd=None, file_read_timeout=3600, **options):
        self.flow_file = os.path.abspath(os.path.join(cwd or ".", flow_file))
        self.show_output = show_output
        self.cwd = cwd
        self.env = {**os.environ, **(env or {})}
        self.options = options
        self.timeout = file_read_timeout
        self._made = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.cleanup()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        self.cleanup()

    def run(self, **options):
        """Runs the flow to its end."""
        return self._start("run", options)._finish(self._shown())

    def resume(self, step_to_rerun=None, **options):
        """Goes on with a run, `origin_run_id` or the newest one, to its end."""
        return self._start("resume", options, step_to_rerun)._finish(self._shown())

    async def async_run(self, **options):
        """Starts the flow and returns when its run is there."""
        return await self._started(self._start("run", options))

    async def async_resume(self, step_to_rerun=None, **options):
        return await self._started(self._start("resume", options, step_to_rerun))

    def cleanup(self):
        """Removes the files of the output."""
        for executing in self._made:
            executing._forget()

    def _shown(self):
        return ("stdout", "stderr") if self.show_output else ()

    async def _started(self, executing):
        import asyncio
        deadline = time.monotonic() + self.timeout
        while executing._run_id() is None and executing.returncode is None and time.monotonic() < deadline:
            await asyncio.sleep(PAUSE)
        executing._require()
        return executing

    def _start(self, verb, options, step=None):
        from .handover import command
        program = command()
        if program is None:
            raise RunnerError("the command 'muster' was not found beside this Python nor on the PATH; name it in MUSTER_COMMAND")
        executing = ExecutingRun(self)
        words = [program, verb, "--program", self.flow_file, *self._front(), *([step] if step else []),
                 "--run-id-file", executing.id_file, *_words(options)]
        environment = {
            **self.env, "MUSTER_PYTHON": sys.executable, "MUSTER_PYTHON_FRONT_END": os.path.dirname(os.path.abspath(__file__))}
        executing._begin(words, environment, self.cwd)
        self._made.append(executing)
        return executing

    def _front(self):
        words = []
        for name, value in self.options.items():
            if name == "decospecs":
                words += [word for each in value for word in ("--with", each)]
            elif name in ("metadata", "datastore") and value == "local" or value is None:
                continue
            elif name in ("environment", "branch"):
                words += [f"--flow-option=--{name}", f"--flow-option={value}"]
            elif name in ("config", "config_value"):
                for key, each in value if isinstance(value, list) else value.items():
                    text = each if isinstance(each, str) else json.dumps(each)
                    words += [f"--flow-option=--{name.replace('_', '-')}", f"--flow-option={key}", f"--flow-option={text}"]
            else:
                raise RunnerError(f"Runner has no option '{name}'; environment, branch, config, config_value and decospecs are known")
        return words


def _words(options):
    """Options of a run as words: `max_workers=4` is `--max-workers 4`, and what is no option is a parameter."""
    words = []
    renamed = {"tags": "tag", "max_workers": "max-workers", "max_num_splits": "max-num-splits",
               "max_log_size": "max-log-size", "user_namespace": "namespace",
               "origin_run_id": "origin-run-id", "decospecs": "with"}
    for name, value in options.items():
        if value is None:
            continue
        flag = renamed.get(name, name)
        if name in ("tags", "decospecs"):
            words += [f"--{flag}={each}" for each in value]
        elif name == "isolated":
            words += [f"--{flag}"] if value else []
        elif isinstance(value, bool):
            words.append(f"--{flag}={'true' if value else 'false'}")
        else:
            words.append(f"--{flag}={value if isinstance(value, (str, int, float)) else json.dumps(value)}")
    return words


class ExecutingRun:
    """A run that was started here: its output, how it stands, and its Run."""

    def __init__(self, runner):
        self.runner = runner
        self.folder = tempfile.mkdtemp(prefix="muster-run-")
        self.id_file = os.path.join(self.folder, "id")
        self.process = None
        self.is_late = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._forget()

    def _begin(self, words, environment, folder):
        self.store = environment.get("MUSTER_STORE") or os.path.join(os.path.abspath(folder or "."), ".muster")
        with open(self._file("stdout"), "wb") as output, open(self._file("stderr"), "wb") as errors:
            self.process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, env=environment, cwd=folder)

    def _file(self, stream):
        return os.path.join(self.folder, stream)

    def _forget(self):
        import shutil
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run_id(self):
        try:
            with open(self.id_file) as file:
                return file.read().strip() or None
        except FileNotFoundError:
            return None

    def _require(self):
        if self._run_id() is None:
            raise RunnerError(f"the run of {self.runner.flow_file} did not begin (exit code {self.returncode}):\n{self.stderr}")

    @property
    def run(self):
        """The run for the client."""
        from .client import Run
        from .client.store import Store
        self._require()
        store = Store(self.store)
        row, = store.query("SELECT flow FROM runs WHERE run = ? ORDER BY id DESC LIMIT 1", self._run_id())
        return Run(f"{row[0]}/{self._run_id()}", _store=store, _namespace_check=False)

    @property
    def returncode(self):
        return self.process.poll()

    @property
    def status(self):
        """`running`, `successful`, `failed`, or `timeout` where the run was ended because it took too long."""
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
        """Waits until the run is over, and prints `stdout` or `stderr` meanwhile. After `timeout` seconds ends the run."""
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
        """Ends the run; it is stored as cancelled."""
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
    """What a run writes, passed on to this program's own output."""

    def __init__(self, executing, streams):
        self.executing = executing
        self.files = [(open(executing._file(each), errors="replace"), getattr(sys, each)) for each in streams]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for file, _ in self.files:
            file.close()

    def pass_on(self):
        """Passes on what has come. Returns whether the run is over, and so nothing more will come."""
        is_over = self.executing.returncode is not None
        for file, target in self.files:
            target.write(file.read())
            target.flush()
        return is_over
