"""Shared by the measures of the web view."""

import json


def seconds(bench, what, amount, rounds):
    """Runs a measure of web.py in a browser and returns its figures."""
    python = bench.check([bench.root / "Scripts" / "browser-python"]).strip()
    bench.build_commands()
    environment = bench.muster_environment() | {"MUSTER": str(bench.release / "muster")}
    printed = bench.check(
        [python, "-B", bench.root / "Benchmarks" / "web.py", what, str(amount), str(rounds)], env=environment)
    return json.loads(printed.splitlines()[-1])
