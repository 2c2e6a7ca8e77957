"""Lists the 1,000 tasks of a run and reads one artifact of each, as a whole program; one script for both clients.

Metaflow's run takes minutes, so its store is reused by later measurements.
"""

import shutil

from harness import METAFLOW, alternate, ratio, say

LIMIT = 1 / 10


def measure(bench):
    script = bench.root / "Benchmarks" / "metaflow" / "client.py"
    ours = bench.folder("muster")
    bench.build_commands()
    environment = bench.python_environment()
    bench.check(
        [bench.release / "muster", "run", bench.root / "Benchmarks" / "metaflow" / "many.py"], cwd=ours, env=environment)
    environment["PYTHONPATH"] = str(bench.root / "Python")
    theirs = kept_run(bench)
    muster, metaflow = alternate(
        5,
        ("muster", lambda: bench.seconds([bench.metaflow_python(), script, "muster"], cwd=ours, env=environment)),
        ("metaflow", lambda: bench.seconds(
            [bench.metaflow_python(), script, "metaflow"], cwd=theirs, env=bench.metaflow_environment(theirs))))
    return ratio(muster, metaflow, LIMIT)


def kept_run(bench):
    """Returns a folder with one finished run of Metaflow's."""
    folder = bench.cache / f"client-{METAFLOW.replace('==', '-')}"
    marker = folder / "complete"
    if not marker.exists():
        say("making a run of 1,000 tasks with Metaflow; this takes some minutes")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        bench.check(
            [bench.metaflow_python(), bench.root / "Benchmarks" / "metaflow" / "many.py", "--no-pylint", "run",
             "--max-num-splits", "2000"],
            cwd=folder, env=bench.metaflow_environment(folder))
        marker.touch()
    return folder
