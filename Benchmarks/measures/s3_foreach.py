"""A foreach over 50 elements whose tasks do nothing, in Python, as a whole flow with its store in a bucket."""

import itertools

from bucket import Bucket
from harness import alternate, ratio

LIMIT = 1 / 15
ROUNDS = 3


def measure(bench):
    bench.build_commands()
    flow = bench.root / "Benchmarks" / "metaflow" / "foreach.py"
    numbers = itertools.count()
    with Bucket(bench) as bucket:
        def muster():
            return bench.seconds(
                [bench.release / "muster", "run", flow], cwd=bench.folder("muster"),
                env=bucket.muster_environment(f"muster-{next(numbers)}", python=True))

        def metaflow():
            folder = bench.folder("metaflow")
            return bench.seconds(
                [bench.metaflow_python(), flow, "--no-pylint", "run"], cwd=folder, env=bucket.metaflow_environment(folder))

        sides = alternate(ROUNDS, ("muster", muster), ("metaflow", metaflow))
    return ratio(*sides, LIMIT)
