"""A gang of four nodes on a real cluster of Kubernetes: from its submission until all bodies have begun, beside four bare pods of
the same image from their creation until all run, as they are seen by a watch.
"""

import json
import subprocess
import time

from cluster import gang_log_times
from harness import Result, Unmeasured, say
from pods import IMAGE, NODES, Pods

LIMIT = 1.0
ROUNDS = 5


def measure(bench):
    gangs, bare = [], []
    with Pods(bench) as pods:
        for round in range(ROUNDS + 1):
            taken, plain = gang(pods), bare_pods(pods, round)
            say(f"{'warm-up' if round == 0 else f'round {round}'}: gang {taken:.3f}, bare pods {plain:.3f}")
            if round > 0:
                gangs.append(taken)
                bare.append(plain)
    value = sorted(gangs)[len(gangs) // 2] - sorted(bare)[len(bare) // 2]
    return Result({"muster": gangs, "bare pods": bare}, value, LIMIT, "seconds", "value is the difference of the medians")


def gang(pods):
    environment, copy = pods.environment()
    process = pods.start("gang.py", ["--nodes", str(NODES)], environment)
    submitted = None
    for line in process.stdout:
        # The line comes when the pods have been made; the step began just before.
        if submitted is None and "work/2 started on" in line:
            submitted = time.time()
    if process.wait() != 0 or submitted is None:
        raise Unmeasured(f"the run ended with {process.returncode}")
    begun = gang_log_times(copy, "work", b"of 4")
    if len(begun) != NODES:
        raise Unmeasured(f"{len(begun)} of {NODES} bodies have said that they began")
    return max(begun.values()) - submitted


def bare_pods(pods, round):
    items = [{
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": f"bare-{round}-{node}", "labels": {"bare": str(round)}},
        "spec": {"restartPolicy": "Never", "terminationGracePeriodSeconds": 0, "containers": [{
            "name": "node", "image": IMAGE, "imagePullPolicy": "Never", "command": ["sleep", "300"],
            "resources": {"requests": {"cpu": "100m", "memory": "200Mi"}}}]},
    } for node in range(NODES)]
    program = pods.variables["MUSTER_TEST_KUBERNETES_PROGRAMS"] + "/kubectl"
    watch = subprocess.Popen(
        [program, "get", "pods", "-l", f"bare={round}", "--watch", "--no-headers"], stdout=subprocess.PIPE, text=True,
        env={**pods.bench.muster_environment(), "KUBECONFIG": pods.variables["KUBECONFIG"]})
    try:
        start = time.time()
        pods.kubectl("create", "-f", "-", input=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
        running = set()
        for line in watch.stdout:
            words = line.split()
            if len(words) > 2 and words[2] == "Running":
                running.add(words[0])
            if len(running) == NODES:
                return time.time() - start
    finally:
        watch.terminate()
        watch.wait()
        pods.kubectl("delete", "pods", "-l", f"bare={round}", "--wait=false")
    raise Unmeasured("the bare pods do not run")
