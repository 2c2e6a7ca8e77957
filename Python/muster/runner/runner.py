"""Runs flows from Python: `Runner('flow.py').run(alpha=0.5).run.data.accuracy`."""

import json
import os
import subprocess
import time

from ..command_line.front import Front
from ..command_line.grammar import Refused
from ..muster_command import environment, required_command
from ..command_line.translation import native, translate
from ..command_line.verbs import ELSEWHERE
from ..names import hint
from .executing import PAUSE, ExecutingRun, RunnerError

# Options before the verb that Metaflow has, and the flags among them.
FRONT = (
    "quiet", "metadata", "environment", "force_rebuild_environments", "datastore", "datastore_root", "package_suffixes",
    "decospecs", "pylint", "event_logger", "monitor", "mode", "config", "config_value", "branch", "production")
FLAGS = {
    "quiet": ("--quiet", "--not-quiet"), "pylint": ("--pylint", "--no-pylint"),
    "force_rebuild_environments": ("--force-rebuild-environments", "--no-force-rebuild-environments"),
    "production": ("--production", None)}
# Options of a run with other names, options with a list, with a whole number, and flags.
SPELLINGS = {"tags": "tag", "decospecs": "with", "user_namespace": "namespace"}
LISTS = ("tags", "decospecs")
NUMBERS = ("max_workers", "max_num_splits", "max_log_size")
OF_MUSTER = ("isolated", "shared", "no_serve", "without_gpus", "clone_only")
PLAIN = ("namespace", "run_id_file", "runner_attribute_file", "origin_run_id", "run_id")


class Runner:
    """Runs a flow's file. Options before the verb are given here (`environment='pypi'`), options of the run to `run`.

        with Runner('flow.py', show_output=False) as runner:
            result = runner.run(alpha=0.5, max_workers=4, tags=['nightly'])
            print(result.status, result.run.data.accuracy)

    profile: the value of METAFLOW_PROFILE for the run. env: more variables for it. cwd: the folder that it runs in.
    file_read_timeout: seconds within which the run has to begin.
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
        """Continues a run, `origin_run_id` or the newest one, to its end."""
        return self._start("resume", options, step_to_rerun)._finish(self._shown())

    async def async_run(self, **options):
        """Starts the flow. Returns when the run has begun."""
        return await self._started(self._start("run", options))

    async def async_resume(self, step_to_rerun=None, **options):
        return await self._started(self._start("resume", options, step_to_rerun))

    def spin(self, pathspec, **kwargs):
        """Raises RunnerError: there is no spin."""
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
        executing = ExecutingRun(self)
        self._made.append(executing)
        variables = environment(self.env)
        try:
            command = required_command()
            given = _words(options, lambda name, value: self._spelled(name, value, command, variables))
            words = translate([*self.front, verb, *([step] if step else []), *given], "", self.flow_file)
        except Refused as reason:
            raise RunnerError(str(reason)) from None
        words += ["--runner-attribute-file", executing.attribute_file]
        executing._begin([command, *words], variables, self.cwd, options.get("runner_attribute_file"))
        return executing

    def _spelled(self, name, value, command, variables):
        """Returns the text of a list or a dict for a parameter. Asks the flow for the parameter's kind."""
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
    """Returns options before the verb as words."""
    words = []
    for name, value in options.items():
        if name not in FRONT:
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
    """Returns options of a run as words: `max_workers=4` is `--max-workers=4`. A name that is no option is a parameter.

    spelled: returns the text of a parameter's value that is no text, number or path.
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
