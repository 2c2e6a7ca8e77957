"""`profile`: measures the time of a part of a step."""

import time
from contextlib import contextmanager


@contextmanager
def profile(label, stats_dict=None):
    """Prints the beginning and the duration. With `stats_dict` adds the milliseconds to its entry `label` instead."""
    if stats_dict is None:
        print(f"PROFILE: {label} starting")
    start = time.time()
    yield
    took = int((time.time() - start) * 1000)
    if stats_dict is None:
        print(f"PROFILE: {label} completed in {took}ms")
    else:
        stats_dict[label] = stats_dict.get(label, 0) + took
