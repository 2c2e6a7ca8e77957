"""Prints when the first task on each node of the Ray cluster was done.

The one argument is the number of nodes; the script waits until the cluster has them.
"""

import sys
import time

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy


@ray.remote(num_cpus=1)
def node():
    return ray.get_runtime_context().get_node_id()


def alive():
    return [each["NodeID"] for each in ray.nodes() if each["Alive"]]


ray.init()
while len(alive()) < int(sys.argv[1]):
    time.sleep(0.02)
nodes = alive()
tasks = [node.options(scheduling_strategy=NodeAffinitySchedulingStrategy(each, soft=False)).remote() for each in nodes]
done = len(set(ray.get(tasks)))
print(f"first-collective {time.time():.6f} of {done}", flush=True)
ray.shutdown()
