"""From the time at which a run's last event was stored to its state in the page."""

import statistics

from harness import Result
from web_view import seconds

LIMIT = 0.5
ROUNDS = 7


def measure(bench):
    figures = seconds(bench, "live", 0, ROUNDS)
    return Result({"page": figures}, statistics.median(figures), LIMIT, "seconds", "value is the median")
