"""Reads one artifact of every task of the newest run: `client.py muster` or `client.py metaflow`."""

import importlib
import sys

client = importlib.import_module(sys.argv[1])
client.namespace(None)
run = client.Flow("ManyFlow").latest_run
tasks = [task for step in run for task in step]
assert len(tasks) == 1000, len(tasks)
# Each step has set one of these attributes.
values = [task["element" if task.parent.id == "work" else "items" if task.parent.id == "start" else "elements"].data for task in tasks]
assert sum(value for value in values if isinstance(value, int)) == sum(range(997))
