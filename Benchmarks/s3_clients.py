"""Muster and other clients of S3 at the same work on one server."""

import itertools
import statistics

from bucket import Bucket
from harness import Result, alternate


def against(bench, work, limits, rounds):
    """limits: by peer, how many times its seconds for putting and getting Muster may take. The value is the worst share of them."""
    bench.build_commands()
    numbers = itertools.count()
    with Bucket(bench) as bucket:
        def side(client):
            def seconds():
                prefix, folder = f"{client}-{next(numbers)}", bench.folder(client)
                # Muster's own module and helper, in the same Python.
                environment = {
                    **bench.muster_environment(), **bucket.environment, "PYTHONPATH": str(bench.root / "Python"),
                    "MUSTER_COMMAND": str(bench.release / "muster")}
                out = bench.check(
                    [bench.s3_python(), bench.root / "Benchmarks" / "s3_client.py", client, work, bucket.name, prefix, folder],
                    env=environment)
                bucket.empty(prefix)
                return sum(map(float, out.split()))
            return client, seconds

        sides = alternate(rounds, *map(side, ["muster", *limits]))
    medians = {name: statistics.median(figures) for name, figures in sides}
    value = max(medians["muster"] / medians[peer] / limit for peer, limit in limits.items())
    how = ", ".join(f"{medians['muster'] / medians[peer]:.2f} of {peer} (limit {limit})" for peer, limit in limits.items())
    return Result(dict(sides), value, 1, "seconds", f"value is the worst share of a limit: {how}")
