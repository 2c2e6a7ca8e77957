"""A foreach over 50 elements whose tasks do nothing, as a whole flow; one file, run by both."""

from harness import alternate, ratio

LIMIT = 0.04


def measure(bench):
    muster, metaflow = alternate(
        3,
        ("muster", lambda: bench.python_seconds("foreach.py")),
        ("metaflow", lambda: bench.metaflow_seconds("foreach.py")))
    return ratio(muster, metaflow, LIMIT)
