"""The environment of a step with torch and NumPy, cold (nothing fetched yet) and warm (all in uv's cache), beside plain uv."""

import os
import shutil
import subprocess
import sys
import time

from harness import NUMPY, Result, Unmeasured

PACKAGES = ["torch==2.13.0", NUMPY]
ROUNDS = 3
LIMIT = 1.1


def measure(bench):
    bench.build_commands()
    environment = bench.muster_environment()
    uv, links = _uv(bench, environment), _links()
    environment.update({"MUSTER_UV": uv, **links})
    columns = {"muster cold": [], "uv cold": [], "muster warm": [], "uv warm": []}
    for _ in range(ROUNDS):
        for side, make in (("muster", _muster), ("uv", _plain)):
            cache = bench.folder("uv")
            for state in ("cold", "warm"):
                given = {**environment, "UV_CACHE_DIR": str(cache), "MUSTER_CACHE": str(bench.folder("cache"))}
                columns[f"{side} {state}"].append(make(bench, given))
    def median(name):
        return sorted(columns[name])[ROUNDS // 2]

    value = max(median(f"muster {state}") / median(f"uv {state}") for state in ("cold", "warm"))
    return Result(columns, value, LIMIT, "seconds", "value is the worse of the two ratios of medians")


def _muster(bench, environment):
    """From the line that the environment is being made to the start of the task that has waited for it."""
    command = ["muster", "run", str(bench.root / "Benchmarks" / "metaflow" / "environment.py")]
    run = subprocess.Popen(
        command, cwd=bench.folder("run"), env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    times, lines = {}, []
    for line in run.stdout:
        lines.append(line)
        for name, sign in (("begin", "making a Python"), ("end", "start/1 started")):
            if sign in line:
                times[name] = time.monotonic()
    if run.wait() != 0 or len(times) != 2:
        raise Unmeasured("the run made no environment:\n" + "".join(lines[-15:]))
    return times["end"] - times["begin"]


def _plain(bench, environment):
    folder, uv = bench.folder("plain") / "venv", environment["MUSTER_UV"]
    begin = time.monotonic()
    bench.check([uv, "venv", "--quiet", "--python", _python(), folder], env=environment)
    bench.check([uv, "pip", "install", "--python", folder / "bin" / "python", *PACKAGES], env=environment)
    return time.monotonic() - begin


def _python():
    return os.path.realpath(subprocess.check_output(
        ["python3", "-c", "import sys; print(sys.executable)"], text=True).strip())


def _uv(bench, environment):
    """A uv that is there, or the one that Muster has installed for itself."""
    found = shutil.which("uv") or os.path.join(environment["MUSTER_CACHE"], "tools/uv/bin/uv")
    if not os.path.exists(found):
        _muster(bench, environment)
    return found


def _links():
    """Where pip looks for wheels besides: uv is told the same."""
    asked = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.find-links"], capture_output=True, text=True)
    return {"UV_FIND_LINKS": ",".join(asked.stdout.split())} if asked.returncode == 0 else {}
