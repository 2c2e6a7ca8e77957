"""A NumPy array of 1 GiB that one step writes and the next reads, as a whole flow; one file, run by both."""

from harness import alternate, ratio

LIMIT = 1 / 8


def measure(bench):
    muster, metaflow = alternate(
        2,
        ("muster", lambda: bench.python_seconds("gibibyte.py")),
        ("metaflow", lambda: bench.metaflow_seconds("gibibyte.py")))
    return ratio(muster, metaflow, LIMIT)
