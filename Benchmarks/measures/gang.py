"""A gang of four nodes that does nothing, as a whole flow; on Metaflow's side its bare @parallel."""

from harness import alternate, ratio

LIMIT = 1 / 8


def measure(bench):
    flow = bench.flow("GangFlow")
    muster, metaflow = alternate(
        5,
        ("muster", lambda: bench.muster_seconds(flow, "--nodes", "4")),
        ("metaflow", lambda: bench.metaflow_seconds("gang.py")))
    return ratio(muster, metaflow, LIMIT)
