"""`profile`: how long a part of a step takes."""

import time
from contextlib import contextmanager


@contextmanager
def profile(label, stats_dict=None):
    """Prints when the part begins and how long it took; with `stats_dict`, adds its milliseconds there under the label."""
    if stats_dict is None:
        print(f"PROFILE: {label} starting")
    start = time.time()
    yield
    took = int((time.time() - start) * 1000)
    if stats_dict is None:
        print(f"PROFILE: {label} completed in {took}ms")
    else:
        stats_dict[label] = stats_dict.get(label, 0) + took
