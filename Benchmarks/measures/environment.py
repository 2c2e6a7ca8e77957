"""Makes the environment of a step with torch and NumPy, cold (nothing downloaded) and warm (all in uv's cache),
compared with uv alone.
"""

import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

from harness import NUMPY, Result, Unmeasured, alternate

PACKAGES = ["torch==2.13.0", NUMPY]
ROUNDS = 3
LIMIT = 1.1


def measure(bench):
    bench.build_commands()
    environment = bench.muster_environment()
    environment.update({"MUSTER_UV": _uv(bench, environment), **_links()})
    sides = [(name, _Side(bench, environment, make)) for name, make in (("muster", _muster), ("uv", _plain))]
    columns = alternate(
        ROUNDS, *((f"{name} cold", side.cold) for name, side in sides), *((f"{name} warm", side.warm) for name, side in sides))
    medians = {name: statistics.median(column) for name, column in columns}
    value = max(medians[f"muster {state}"] / medians[f"uv {state}"] for state in ("cold", "warm"))
    return Result(dict(columns), value, LIMIT, "seconds", "value is the worse of the two ratios of medians")


class _Side:
    """Makes the environment with an empty cache, and again with the filled one. Removes each environment at once."""

    def __init__(self, bench, environment, make):
        self.bench, self.environment, self.make = bench, environment, make
        self.fetched = bench.folder("uv")

    def cold(self):
        shutil.rmtree(self.fetched)
        self._read_wheels()
        return self.warm()

    def _read_wheels(self):
        """Reads the wheels on this machine into the page cache, so that the first side does not do it for the other."""
        for folder in self.environment.get("UV_FIND_LINKS", "").split(","):
            for wheel in pathlib.Path(folder).glob("*.whl") if folder and os.path.isdir(folder) else ():
                with open(wheel, "rb") as file:
                    while file.read(1 << 24):
                        pass

    def warm(self):
        made = self.bench.folder("made")
        try:
            return self.make(self.bench, made, {
                **self.environment, "UV_CACHE_DIR": str(self.fetched), "MUSTER_CACHE": str(made)})
        finally:
            shutil.rmtree(made)


def _muster(bench, _, environment):
    """Returns seconds from the line about the environment to the start of the task that has waited for it."""
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


def _plain(bench, made, environment):
    folder, uv = made / "venv", environment["MUSTER_UV"]
    begin = time.monotonic()
    bench.check([uv, "venv", "--quiet", "--python", _python(), folder], env=environment)
    bench.check([uv, "pip", "install", "--python", folder / "bin" / "python", *PACKAGES], env=environment)
    return time.monotonic() - begin


def _python():
    return os.path.realpath(subprocess.check_output(
        ["python3", "-c", "import sys; print(sys.executable)"], text=True).strip())


def _uv(bench, environment):
    """Returns an installed uv, or the one that Muster has installed for itself."""
    found = shutil.which("uv") or os.path.join(environment["MUSTER_CACHE"], "tools/uv/bin/uv")
    if not os.path.exists(found):
        _muster(bench, None, environment)
    return found


def _links():
    """Returns pip's setting for folders of wheels, which uv gets as well."""
    asked = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.find-links"], capture_output=True, text=True)
    return {"UV_FIND_LINKS": ",".join(asked.stdout.split())} if asked.returncode == 0 else {}
