"""A gang of four containers on the stand-in for AWS Batch: from the start of the last container until all bodies have begun."""

from account import NODES, Account
from cluster import gang_log_times
from harness import Result, Unmeasured, say

LIMIT = 3.0
ROUNDS = 7


def measure(bench):
    column = []
    with Account(bench) as account:
        for round in range(ROUNDS + 1):
            copy = account.run("gang.py", ["--nodes", str(NODES)])
            begun = gang_log_times(copy, "work", b"of 4")
            if len(begun) != NODES:
                raise Unmeasured(f"{len(begun)} of {NODES} bodies have said that they began")
            running = max(node["startedAt"] for node in account.nodes(account.job("work"))) / 1000
            taken = max(begun.values()) - running
            say(f"{'warm-up' if round == 0 else f'round {round}'}: {taken:.3f}")
            if round > 0:
                column.append(taken)
    return Result({"muster": column}, sorted(column)[len(column) // 2], LIMIT, "seconds", "value is the median")
