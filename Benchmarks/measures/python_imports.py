"""The foreach over 50 elements in a file that imports NumPy and pandas at its top; one file, run by both."""

from harness import alternate, ratio

LIMIT = 1 / 30


def measure(bench):
    muster, metaflow = alternate(
        5,
        ("muster", lambda: bench.python_seconds("imports.py")),
        ("metaflow", lambda: bench.metaflow_seconds("imports.py")))
    return ratio(muster, metaflow, LIMIT)
