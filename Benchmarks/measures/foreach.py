"""A foreach over 50 elements whose tasks do nothing, as a whole flow."""

from harness import alternate, ratio

LIMIT = 1 / 60


def measure(bench):
    flow = bench.flow("ForeachFlow")
    muster, metaflow = alternate(
        5,
        ("muster", lambda: bench.muster_seconds(flow, "--count", "50")),
        ("metaflow", lambda: bench.metaflow_seconds("foreach.py")))
    return ratio(muster, metaflow, LIMIT)
