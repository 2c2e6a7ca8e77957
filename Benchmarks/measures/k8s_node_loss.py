"""A machine of a gang on a real cluster of Kubernetes loses its power: until the bodies on the other machine are gone, and until
the run has named a node. The cluster by itself waits five minutes before it does anything about the pods.
"""

import threading
import time

from harness import Result, say
from pods import NODES, Pods, wait

LIMIT = 7.0
ROUNDS = 3


def measure(bench):
    columns = {"bodies gone": [], "cause named": []}
    with Pods(bench) as pods:
        for round in range(ROUNDS):
            gone, named = one(pods)
            say(f"round {round + 1}: bodies gone after {gone:.3f}, cause named after {named:.3f}")
            columns["bodies gone"].append(gone)
            columns["cause named"].append(named)
    return Result(
        columns, max(max(column) for column in columns.values()), LIMIT, "seconds", "from the loss; value is the worst")


def one(pods):
    lines = []
    process = pods.start("gang.py", ["--nodes", str(NODES), "--seconds", "600"])
    reader = threading.Thread(
        target=lambda: lines.extend((time.monotonic(), line) for line in process.stdout), daemon=True)
    reader.start()
    try:
        wait(lambda: sum(" of 4" in line for _, line in list(lines)) == NODES, 120, "the gang to begin")
        found = pods.pods("muster.dev/step=work")
        machines = {pod["metadata"]["labels"]["muster.dev/node"]: pod["spec"]["nodeName"] for pod in found}
        lost = next(name for name in machines.values() if name != machines["0"])
        time.sleep(1)
        start = time.monotonic()
        pods.machine("lose", lost)
        others = [node for node, machine in machines.items() if machine != lost]
        gone = wait(lambda: ended(pods, others) and time.monotonic(), 60, "the bodies to be gone", 0.2)
        named = wait(lambda: cause(lines), 60, "the cause to be named")
        return gone - start, max(0.0, named - start)
    finally:
        process.terminate()
        process.wait()
        pods.machine("start", lost)
        wait(lambda: not pods.pods("muster.dev/step=work"), 120, "the pods to be gone", 0.5)


def ended(pods, nodes):
    """True when no pod of these nodes runs any more."""
    for pod in pods.pods("muster.dev/step=work"):
        states = pod["status"].get("containerStatuses", [])
        if pod["metadata"]["labels"]["muster.dev/node"] in nodes and any("running" in each["state"] for each in states):
            return False
    return True


def cause(lines):
    """When the run has told that the attempt failed because of a node."""
    return next((when for when, line in list(lines) if "work/2[" in line and " failed" in line), None)
