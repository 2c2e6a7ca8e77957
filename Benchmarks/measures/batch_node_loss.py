"""A node of a gang on the stand-in for AWS Batch loses its power: until all containers of the gang are gone, and until the run
has named the node. Every node in turn, the main node among them.

AWS Batch does nothing when a node that is not the main one has ended.
"""

import threading
import time

from account import NODES, Account, wait
from harness import Result, say

# Seconds for the containers, and for the cause.
CONTAINERS, CAUSE = 7.0, 15.0


def measure(bench):
    columns = {"containers gone": [], "cause named": []}
    with Account(bench) as account:
        for node in range(NODES):
            gone, named = one(account, node)
            say(f"node {node} killed: containers gone after {gone:.3f}, cause named after {named:.3f}")
            columns["containers gone"].append(gone)
            columns["cause named"].append(named)
    value = max(max(columns["containers gone"]) / CONTAINERS, max(columns["cause named"]) / CAUSE)
    return Result(
        columns, value, 1.0, "seconds", f"from the kill; value is the worst over its limit, {CONTAINERS} s and {CAUSE} s")


def one(account, node):
    lines = []
    process = account.start("gang.py", ["--nodes", str(NODES), "--seconds", "600"], "batch")
    reader = threading.Thread(target=lambda: lines.extend((time.monotonic(), line) for line in process.stdout), daemon=True)
    reader.start()
    try:
        wait(lambda: sum(" of 4" in line for _, line in list(lines)) == NODES, 60, "the gang to begin")
        job = account.job("work")
        time.sleep(1)
        before = set(account.containers())
        start = time.monotonic()
        account.kill(f"{job}#{node}")
        gone = wait(lambda: not before & set(account.containers()) and time.monotonic(), 60, "the containers to be gone")
        named = wait(lambda: cause(lines, node), 60, "the cause to be named")
        return gone - start, max(0.0, named - start)
    finally:
        process.terminate()
        process.wait()
        wait(lambda: not account.containers(), 60, "the containers to be gone")


def cause(lines, node):
    """When the run has told that the attempt failed because of the node."""
    for when, line in list(lines):
        if f"work/2[{node}] failed:" in line or "work/2" in line and "Host EC2" in line:
            return when
    return None
