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


class RunnerError(MusterException, RuntimeError):
    """The run did not come into being."""


# Options before the verb that Metaflow has, and those of them that are a flag.
FRONT = (
    "quiet", "metadata", "environment", "force_rebuild_environments", "datastore", "datastore_root", "package_suffixes",
    "decospecs", "pylint", "event_logger", "monitor", "mode", "config", "config_value", "branch", "production")
FLAGS = {
    "quiet": ("--quiet", "--not-quiet"), "pylint": ("--pylint", "--no-pylint"),
    "force_rebuild_environments": ("--force-rebuild-environments", "--no-force-rebuild-environments"),
    "production": ("--production", None)}
# Options of a run that are spelled otherwise, those that take a list, whole numbers, and those that are a flag.
SPELLINGS = {"tags": "tag", "decospecs": "with", "user_namespace": "namespace"}
LISTS = ("tags", "decospecs")
NUMBERS = ("max_workers", "max_num_splits", "max_log_size")
OF_MUSTER = ("isolated", "shared", "no_serve", "without_gpus", "clone_only")
PLAIN = ("namespace", "run_id_file", "runner_attribute_file", "origin_run_id", "run_id")


class Runner:
    """One flow's file. Options before the verb are given here (`environment='pypi'`), those of the run to `run`.

        with Runner('flow.py', show_output=False) as runner:
            result = runner.run(alpha=0.5, max_workers=4, tags=['nightly'])
            print(result.status, result.run.data.accuracy)

    profile: what METAFLOW_PROFILE is for the run. env: more variables for it. cwd: the folder that it runs in.
    file_read_timeout: seconds that the run may take to come into being.
    """

    def __init__(self, flow_file, show_output=True, profile=None, env=None, cwd=None, file_read_timeout=3600, **options):
        self.flow_file = os.path.abspath(flow_file)
        if not os.path.exists(self.flow_file):
            raise FileNotFoundError(f"there is no flow {self.flow_file}")
        self.show_output = show_output
        self.cwd = cwd
        self.env = {**os.environ, **(env or {})}
        if profile:
            self.env["METAFLOW_PROFILE"] = profile
        self.options = options
        self.front = _front(options)
        self.timeout = file_read_timeout
        self._made = []

    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc_value, traceback):
        self.cleanup()

    async def __aenter__(self):
        return self

    async def __aexit__(self, exc_type, exc_value, traceback):
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

    def spin(self, pathspec, **kwargs):
        """There is none."""
        from .commands.verbs import ELSEWHERE
        raise RunnerError(f"{ELSEWHERE['spin']}: runner.resume('STEP', origin_run_id='RUN')")

    async def async_spin(self, pathspec, **kwargs):
        self.spin(pathspec)

    def cleanup(self):
        """Removes the files of the output."""
        for executing in self._made:
            executing._forget()

    def _shown(self):
        return ("stdout", "stderr") if self.show_output else ()

    async def _started(self, executing):
        import asyncio
        deadline = time.monotonic() + self.timeout
        while executing._key() is None and executing.returncode is None and time.monotonic() < deadline:
            await asyncio.sleep(PAUSE)
        executing._require()
        return executing

    def _start(self, verb, options, step=None):
        from .commands.grammar import Refused
        from .handover import environment, program, translate
        executing = ExecutingRun(self)
        self._made.append(executing)
        variables = environment(self.env)
        try:
            command = program()
            given = _words(options, lambda name, value: self._spelled(name, value, command, variables))
            words = translate([*self.front, verb, *([step] if step else []), *given], "", self.flow_file)
        except Refused as reason:
            raise RunnerError(str(reason)) from None
        words += ["--runner-attribute-file", executing.attribute_file]
        executing._begin([command, *words], variables, self.cwd, options.get("runner_attribute_file"))
        return executing

    def _spelled(self, name, value, command, variables):
        """The text of a list or a dict that is given for a parameter: the flow is asked what the parameter is."""
        from .commands.front import Front
        from .handover import native
        front = Front()
        front.read(self.front)
        done = subprocess.run(
            [command, *native(front, ["show"], ["--json"], self.flow_file)], capture_output=True, text=True, env=variables,
            cwd=self.cwd)
        if done.returncode != 0:
            raise RunnerError(f"{self.flow_file} cannot be read:\n{done.stderr}")
        entries = {each["name"].replace("-", "_"): each for each in json.loads(done.stdout)["parameters"]}
        entry = entries.get(name, {"kind": "json"})
        separator = (entry.get("artifact") or {}).get("separator")
        if separator and isinstance(value, (list, tuple)):
            return separator.join(map(str, value))
        if "json" not in entry["kind"]:
            raise TypeError(f"the parameter {name} cannot be {value!r}: it is a {next(iter(entry['kind']))}")
        return json.dumps(value)


def _front(options):
    """Options before the verb as words."""
    words = []
    for name, value in options.items():
        if name not in FRONT:
            from .names import hint
            raise ValueError(f"Runner has no option '{name}'{hint(name, FRONT)}; it has {', '.join(FRONT)}")
        if value is None:
            continue
        if name in FLAGS:
            words += [word for word in [FLAGS[name][0 if value else 1]] if word]
        elif name == "decospecs":
            words += [word for each in _list(name, value) for word in ("--with", each)]
        elif name in ("config", "config_value"):
            for key, each in value.items() if isinstance(value, dict) else value:
                text = each if isinstance(each, str) else json.dumps(each)
                words += [f"--{name.replace('_', '-')}", key, text]
        else:
            words += [f"--{name.replace('_', '-')}", str(value)]
    return words


def _list(name, value):
    if not isinstance(value, (list, tuple, set, frozenset)):
        raise TypeError(f"{name} is a list, and cannot be {value!r}")
    return value


def _words(options, spelled):
    """Options of a run as words: `max_workers=4` is `--max-workers=4`, and what is no option is a parameter.

    spelled: Makes a text of a parameter's name and its value where that is no plain one.
    """
    words = []
    for name, value in options.items():
        flag = f"--{SPELLINGS.get(name, name)}"
        if value is None or name == "runner_attribute_file":
            continue
        if name in LISTS:
            words += [f"{flag}={each}" for each in _list(name, value)]
        elif name in OF_MUSTER:
            words += [flag.replace("_", "-")] if value else []
        elif name in NUMBERS and (isinstance(value, bool) or not isinstance(value, int)):
            raise TypeError(f"{name} is a whole number, and cannot be {value!r}")
        elif name in NUMBERS or name in PLAIN:
            words.append(f"{flag.replace('_', '-')}={value}")
        elif isinstance(value, bool):
            words.append(f"{flag}={'true' if value else 'false'}")
        else:
            words.append(f"{flag}={value if isinstance(value, (str, int, float, os.PathLike)) else spelled(name, value)}")
    return words


class ExecutingRun:
    """A run that was started here: its output, how it stands, and its Run."""

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
        """Starts the run. What is known of it is copied into `wanted_file` once it is there, where one is wanted."""
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
        """Which run it is; None while it is not there. It is known when the files have been removed, too."""
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
        """The run for the client."""
        from .client import Run
        from .client.store import Store
        self._require()
        key = self._key()
        store = Store(key["metadata"].partition("@")[2])
        return Run(f"{key['flow_name']}/{key['run_id']}", _store=store, _namespace_check=False)

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

    def __exit__(self, exc_type, exc_value, traceback):
        for file, _ in self.files:
            file.close()

    def pass_on(self):
        """Passes on what has come. Returns whether the run is over, and so nothing more will come."""
        is_over = self.executing.returncode is not None
        for file, target in self.files:
            target.write(file.read())
            target.flush()
        return is_over
