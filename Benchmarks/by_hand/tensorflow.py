"""Starts the script on each node, with the cluster in TF_CONFIG."""

import json

from by_hand.programs import address, free_port


def first_collective(programs, python, script, nodes):
    workers = [f"{address(node)}:{free_port(node)}" for node in range(nodes)]
    started = [
        programs.start(
            [python, script],
            TF_CONFIG=json.dumps({"cluster": {"worker": workers}, "task": {"type": "worker", "index": node}}))
        for node in range(nodes)
    ]
    taken = programs.first_collective(nodes)
    programs.finish(started)
    return taken
