"""The page of a run of 10,000 tasks: from asking for it to its graph and timeline, browser included."""

import statistics

from harness import Result
from web_view import seconds

LIMIT = 1.0
ROUNDS = 7
TASKS = 10_000


def measure(bench):
    figures = seconds(bench, "run", TASKS, ROUNDS)
    return Result({"page": figures}, statistics.median(figures), LIMIT, "seconds", "value is the median")
