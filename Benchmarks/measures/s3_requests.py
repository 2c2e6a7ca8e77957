"""The requests to a bucket of a foreach of 50 tasks that do nothing, for each task, listed by kind."""

from bucket import Bucket
from harness import Result, say

LIMIT = 4.0
ROUNDS = 3
TASKS = 50


def measure(bench):
    flow = bench.flow("ForeachFlow")
    columns, kinds = {"requests": []}, {}
    with Bucket(bench) as bucket:
        for round in range(ROUNDS):
            prefix = f"round-{round}"
            bench.check(
                [flow, "run", "--count", str(TASKS)], cwd=bench.folder("muster"), env=bucket.muster_environment(prefix))
            kinds = bucket.requests(prefix)
            columns["requests"].append(float(sum(kinds.values())))
            say(f"round {round + 1}: {dict(kinds)}")
    told = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    # Start, join and end are tasks too.
    value = max(columns["requests"]) / (TASKS + 3)
    return Result(columns, value, LIMIT, "requests of a run", f"of the last: {told}; value is the most for one of its {TASKS + 3} tasks")
