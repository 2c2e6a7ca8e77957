"""The server's peak memory over the page of a run of 10,000 tasks, a log of 1,000,000 lines and its search, and 100 pages."""

from harness import Result
from web_view import seconds

LIMIT = 150.0


def measure(bench):
    figures = seconds(bench, "memory", 10_000, 1)
    return Result({"peak": figures}, max(figures), LIMIT, "MiB", "value is the peak")
