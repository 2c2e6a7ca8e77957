"""A gang of four nodes that does nothing, as a whole flow; one file, run by both."""

from harness import alternate, ratio

LIMIT = 0.12


def measure(bench):
    muster, metaflow = alternate(
        5,
        ("muster", lambda: bench.python_seconds("gang.py")),
        ("metaflow", lambda: bench.metaflow_seconds("gang.py")))
    return ratio(muster, metaflow, LIMIT)
