"""Tries every combination of some hyperparameters, spread over the nodes of the Ray cluster, and writes what each gave.

`ray.init()` finds the cluster in RAY_ADDRESS. A trial is a task with one cpu; the nodes take trials in turn, and Ray keeps
each until its node has a cpu free. The result is a table as JSON: what was tried, where, how accurate it was.
"""

import argparse
import itertools
import json
import os
import time

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

parser = argparse.ArgumentParser()
parser.add_argument("output")
parser.add_argument("--nodes", type=int, default=1, help="how many nodes the cluster has to have")
arguments = parser.parse_args()

HIDDEN = [16, 64]
RATES = [0.001, 0.01, 0.1]
DECAYS = [1e-4, 1e-2]


@ray.remote(num_cpus=1)
def trial(hidden, rate, decay):
    """Trains a small network on the digits; the accuracy is that on the images held out."""
    import warnings

    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
    from sklearn.neural_network import MLPClassifier

    # A trial that has not settled after its 40 passes is a result as well.
    warnings.filterwarnings("ignore", module="sklearn")
    started = time.monotonic()
    digits = load_digits()
    images, held_out, labels, answers = train_test_split(digits.data / 16, digits.target, test_size=0.2, random_state=0)
    model = MLPClassifier([hidden], learning_rate_init=rate, alpha=decay, max_iter=40, random_state=0).fit(images, labels)
    accuracy = model.score(held_out, answers)
    node = ray.util.get_node_ip_address()
    print(f"hidden {hidden}, rate {rate}, decay {decay}: {accuracy:.4f}", flush=True)
    return {
        "hidden": hidden, "rate": rate, "decay": decay, "accuracy": accuracy, "node": node, "pid": os.getpid(),
        "seconds": time.monotonic() - started,
    }


ray.init()
nodes = [node for node in ray.nodes() if node["Alive"]]
addresses = sorted(node["NodeManagerAddress"] for node in nodes)
if len(nodes) != arguments.nodes:
    raise SystemExit(f"the cluster has {len(nodes)} nodes in place of {arguments.nodes}: {', '.join(addresses)}")
print(f"{len(nodes)} nodes, {ray.cluster_resources()['CPU']:.0f} cpus", flush=True)

# With "SPREAD" in place of this, the node that is ready first takes most of such short trials.
turns = [NodeAffinitySchedulingStrategy(node["NodeID"], soft=True) for node in nodes]
grid = itertools.product(HIDDEN, RATES, DECAYS)
trials = ray.get([trial.options(scheduling_strategy=turn).remote(*values) for turn, values in zip(itertools.cycle(turns), grid)])
trials.sort(key=lambda trial: -trial["accuracy"])
for address in addresses:
    print(f"{address} did {sum(trial['node'] == address for trial in trials)} of {len(trials)} trials")
best = trials[0]
print(f"best: hidden {best['hidden']}, rate {best['rate']}, decay {best['decay']}: {best['accuracy']:.4f}")
with open(arguments.output, "w") as file:
    json.dump({"nodes": addresses, "trials": trials}, file, indent=1)
ray.shutdown()
