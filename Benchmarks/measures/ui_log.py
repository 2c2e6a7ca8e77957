"""A log of 1,000,000 lines: to its last line, and to what a search finds at its other end."""

import statistics

from harness import Result
from web_view import seconds

OPEN_LIMIT, SEARCH_LIMIT = 0.5, 1.0
ROUNDS = 5
LINES = 1_000_000


def measure(bench):
    figures = seconds(bench, "log", LINES, ROUNDS)
    columns = {"end": figures[::2], "search": figures[1::2]}
    worst = max(statistics.median(columns["end"]) / OPEN_LIMIT, statistics.median(columns["search"]) / SEARCH_LIMIT)
    return Result(columns, worst, 1.0, "seconds", "value is the worse of the medians over 0.5 s and 1 s")
