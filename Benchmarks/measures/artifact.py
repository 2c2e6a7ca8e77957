"""An artifact of 256 MiB of numbers that one step writes and a later one reads, as a whole flow."""

from harness import alternate, ratio

LIMIT = 1 / 10


def measure(bench):
    flow = bench.flow("ArtifactFlow")
    muster, metaflow = alternate(
        3,
        ("muster", lambda: bench.muster_seconds(flow, "--size", "256", "--kind", "weights")),
        ("metaflow", lambda: bench.metaflow_seconds("artifact.py")))
    return ratio(muster, metaflow, LIMIT)
