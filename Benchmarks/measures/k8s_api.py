"""Requests to the API server of Kubernetes for a gang of 64 nodes, its life long; watches are not counted."""

import collections

from harness import Result, say
from pods import Pods

NODES = 64
LIMIT = 64 + 20


def measure(bench):
    with Pods(bench) as pods:
        before = collections.Counter(pods.requests())
        # The steps around the gang have requests of their own, which the same flow with a gang of one shows.
        pods.run("gang.py", ["--nodes", "1"])
        single = collections.Counter(pods.requests()) - before
        pods.run("gang.py", ["--nodes", str(NODES)])
        both = collections.Counter(pods.requests()) - before - single
        count = sum(number for (verb, _), number in both.items() if verb != "watch")
        around = sum(number for (verb, _), number in single.items() if verb != "watch")
        say(f"with a gang of {NODES}: {dict(both)}; with one of 1: {dict(single)}")
        # A gang of one has an owner, a Secret, a pod and a deletion.
        value = count - around + 4
    return Result({"requests": [value]}, value, LIMIT, "requests", f"of a flow with it {count}, with a gang of one {around}")
