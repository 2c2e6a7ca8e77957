"""`S3.get_many` of 200 objects of 1 MiB in a step, against Metaflow's on the same server."""

import itertools

from bucket import Bucket
from harness import alternate, ratio

LIMIT = 0.5
ROUNDS = 3


def measure(bench):
    bench.build_commands()
    flow = bench.root / "Benchmarks" / "metaflow" / "s3_many.py"
    numbers = itertools.count()
    with Bucket(bench) as bucket:
        def seconds(command, folder, environment):
            out, root = folder / "seconds", f"s3://{bucket.name}/many-{next(numbers)}"
            bench.check([*command, "--root", root, "--out", out], cwd=folder, env=environment)
            bucket.empty(root.rpartition("/")[2])
            return float(out.read_text())

        def muster():
            return seconds(
                [bench.release / "muster", "run", flow], bench.folder("muster"),
                {**bench.python_environment(), **bucket.environment})

        def metaflow():
            folder = bench.folder("metaflow")
            environment = {
                **bench.metaflow_environment(folder), **bucket.environment,
                "METAFLOW_S3_ENDPOINT_URL": bucket.environment["AWS_ENDPOINT_URL_S3"]}
            return seconds([bench.metaflow_python(), flow, "--no-pylint", "run"], folder, environment)

        sides = alternate(ROUNDS, ("muster", muster), ("metaflow", metaflow))
    return ratio(*sides, LIMIT)
