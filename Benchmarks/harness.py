"""Shared by the measures: the measured programs, timing, and the table of a result."""

import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

METAFLOW = "metaflow==2.19.39"
NUMPY = "numpy==2.4.6"
PANDAS = "pandas==3.1.1"
S3_CLIENTS = ("boto3==1.43.11", "awscrt==0.38.0", "obstore==0.12.1")


class Unmeasured(Exception):
    """A side did not do its work, so there is no figure."""


class Result:
    """Columns of figures in the order of measurement, and the value that follows from them."""

    def __init__(self, columns, value, limit, unit, how):
        self.columns, self.value, self.limit, self.unit, self.how = columns, value, limit, unit, how

    @property
    def is_ok(self):
        return self.value <= self.limit

    def table(self, name):
        width = max(12, *(len(title) for title in self.columns)) + 2
        lines = ["".rjust(8) + "".join(title.rjust(width) for title in self.columns)]
        for index in range(max(len(figures) for figures in self.columns.values())):
            cells = [f"{figures[index]:.3f}" if index < len(figures) else "" for figures in self.columns.values()]
            lines.append(str(index + 1).rjust(8) + "".join(cell.rjust(width) for cell in cells))
        medians = [f"{statistics.median(figures):.3f}" for figures in self.columns.values()]
        lines.append("median".rjust(8) + "".join(cell.rjust(width) for cell in medians))
        lines.append(f"{self.unit}; {self.how}")
        lines.append(f"{name} value={self.value:.4f} limit={self.limit:.4f} {'ok' if self.is_ok else 'short'}")
        return "\n".join(lines)


def ratio(muster, peer, limit):
    """Returns the ratio of the medians of two columns of seconds."""
    value = statistics.median(muster[1]) / statistics.median(peer[1])
    return Result(dict([muster, peer]), value, limit, "seconds", f"value is the median of {muster[0]} over that of {peer[0]}")


def say(text):
    print(text, file=sys.stderr, flush=True)


class Bench:
    """The programs and folders of a measure. Its files are removed at the end.

    Not earlier: file systems create files slowly for minutes after many were removed, and the next side would pay for
    it.
    """

    def __init__(self, root):
        self.root = root
        self.cache = root / ".cache" / "benchmarks"
        self.release = root / ".build" / "release"

    def __enter__(self):
        self.cache.mkdir(parents=True, exist_ok=True)
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="muster-bench-"))
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.scratch, ignore_errors=True)

    def folder(self, name):
        """Returns a new empty folder."""
        return pathlib.Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.scratch))

    # Programs

    def check(self, command, **options):
        done = subprocess.run(command, capture_output=True, text=True, **options)
        if done.returncode != 0:
            last = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
            raise Unmeasured(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{last}")
        return done.stdout

    def build(self):
        """Makes the release build of the command, the agent and the fixtures' flows."""
        self.check(["make", "fixtures"], cwd=self.root)

    def flow(self, name):
        """Returns the program of one of the fixtures' flows: a link of that name, beside the flows' own scripts."""
        self.build()
        folder = self.scratch / "flows"
        folder.mkdir(exist_ok=True)
        link = folder / name
        if not link.exists():
            link.symlink_to(self.root / ".build" / "flows" / "release" / "FlowFixtures")
        return link

    def muster_environment(self):
        """Returns variables for Muster's side: this build's programs, and a cache of Python environments for benchmarks
        alone.
        """
        variables = {name: value for name, value in os.environ.items() if not name.startswith("MUSTER_")}
        variables["PATH"] = f"{self.release}:{variables['PATH']}"
        variables["MUSTER_CACHE"] = str(self.cache / "muster")
        return variables

    def metaflow_python(self):
        """Returns a Python with Metaflow, NumPy and pandas, which is installed once."""
        return self._python(METAFLOW, NUMPY, PANDAS)

    def s3_python(self):
        """Returns a Python with the clients of S3 that Muster is compared with, which is installed once."""
        return self._python(*S3_CLIENTS)

    def _python(self, *packages):
        folder = self.cache / "-".join(packages).replace("==", "-")
        marker = folder / "complete"
        if not marker.exists():
            say(f"installing {packages[0]}")
            shutil.rmtree(folder, ignore_errors=True)
            uv = shutil.which("uv")
            if uv:
                self.check([uv, "venv", "--quiet", folder])
                self.check([uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", folder / "bin" / "python", *packages])
            else:
                self.check([sys.executable, "-m", "venv", folder])
                self.check([folder / "bin" / "pip", "install", "--quiet", *packages])
            marker.touch()
        return folder / "bin" / "python"

    def metaflow_environment(self, home):
        variables = {name: value for name, value in os.environ.items() if not name.startswith("METAFLOW_")}
        # Metaflow starts workers of a gang with the `python` of the PATH.
        variables["PATH"] = f"{self.metaflow_python().parent}:{variables['PATH']}"
        variables["METAFLOW_USER"] = "benchmark"
        variables["METAFLOW_HOME"] = str(home / "home")
        variables["METAFLOW_DATASTORE_SYSROOT_LOCAL"] = str(home)
        variables["METAFLOW_DEFAULT_DATASTORE"] = variables["METAFLOW_DEFAULT_METADATA"] = "local"
        return variables

    # Timing

    def seconds(self, command, **options):
        """The wall time of a command that has to succeed."""
        start = time.monotonic()
        self.check(command, **options)
        return time.monotonic() - start

    def muster_seconds(self, flow, *arguments):
        """The wall time of one whole run of a flow, in a folder of its own."""
        folder = self.folder("muster")
        return self.seconds([flow, "run", *arguments], cwd=folder, env=self.muster_environment())

    def build_commands(self):
        """Makes the release build of the command and the agent alone."""
        self.check(["make", "commands"], cwd=self.root)

    def python_seconds(self, flow, *arguments):
        """The wall time of a whole run under Muster of one of Metaflow's flows, unchanged, with Metaflow's Python."""
        self.build_commands()
        return self.seconds(
            [self.release / "muster", "run", self.root / "Benchmarks" / "metaflow" / flow, *arguments],
            cwd=self.folder("muster"), env=self.python_environment())

    def python_environment(self):
        return {**self.muster_environment(), "MUSTER_PYTHON": str(self.metaflow_python())}

    def metaflow_seconds(self, flow, *arguments):
        folder = self.folder("metaflow")
        program = self.root / "Benchmarks" / "metaflow" / flow
        return self.seconds(
            [self.metaflow_python(), program, "--no-pylint", "run", *arguments], cwd=folder,
            env=self.metaflow_environment(folder))


def alternate(rounds, *sides):
    """Runs the sides in turn. The first round is a warm-up that fills caches and is not counted."""
    columns = [[] for _ in sides]
    for round in range(rounds + 1):
        for column, (name, side) in zip(columns, sides):
            # The other side's dirty pages are written first, at nobody's cost.
            os.sync()
            taken = side()
            say(f"{'warm-up' if round == 0 else f'round {round}'}: {name} {taken:.3f}")
            if round > 0:
                column.append(taken)
    return [(name, column) for (name, _), column in zip(sides, columns)]
