"""1,000 rounds of Benchmarks/chaos.py on the release build: a random process of a random gang is killed or stopped."""

import random
import signal
import statistics

import chaos
from harness import Result, say

ROUNDS = 1000


def measure(bench):
    flow = bench.flow("ChaosFlow")
    seed = random.SystemRandom().randrange(1 << 30)
    say(f"seed {seed}")
    good, bad = chaos.run(bench.release, flow, ROUNDS, seed, say=say)
    columns = {
        name: [statistics.median(figures), max(figures)]
        for name, figures in [
            ("killed", [ended for number, ended, _ in good if number != signal.SIGSTOP]),
            ("stopped", [ended for number, ended, _ in good if number == signal.SIGSTOP]),
        ]
    }
    counts = ", ".join(f"{bad.count(sort)} {sort}s" for sort in ("orphan", "verdict", "hang"))
    how = (
        f"of {ROUNDS} rounds from the signal to the end of the run, median and worst; {counts}; value is the number of bad "
        "rounds")
    return Result(columns, len(bad), 0, "seconds", how)
