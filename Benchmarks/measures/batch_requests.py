"""A thousand jobs in a queue of the stand-in for AWS Batch for ten minutes: what the engine asks of AWS, and what it takes of this
machine.

AWS takes 50 submissions a second of an account. The value is the largest share of a limit: 20 submissions at once and 10 a second
after that; one DescribeJobs for 100 jobs every 5 s, which becomes 30 s once nothing has changed for ten minutes; 5 % of a core.
"""

import collections
import os
import pathlib
import signal
import time

from account import Account, wait
from harness import Result, say

JOBS = 1000
SECONDS = 600
BURST, RATE, LOOK, CORE = 20, 10, 5, 0.05


def measure(bench):
    with Account(bench) as account:
        pathlib.Path(account.variables["MUSTER_TEST_BATCH_CONTROL"], "pause").touch()
        process = account.start("many.py", ["--count", str(JOBS), "--max-workers", str(JOBS)], "batch:image=muster-test/debian,cpu=1")
        try:
            # The flow's first step waits in the queue too, so it is let through.
            wait(lambda: account.calls("SubmitJob"), 60, "the first submission")
            pathlib.Path(account.variables["MUSTER_TEST_BATCH_CONTROL"], "pause").unlink()
            wait(lambda: len(account.calls("SubmitJob")) > 1, 60, "the jobs of the foreach")
            pathlib.Path(account.variables["MUSTER_TEST_BATCH_CONTROL"], "pause").touch()
            start, before = time.monotonic(), processor(process.pid)
            wait(lambda: len(account.calls("SubmitJob")) > JOBS, 300, "all submissions", pause=1)
            submitting = time.monotonic() - start
            while time.monotonic() - start < SECONDS:
                time.sleep(1)
            taken = time.monotonic() - start
            core = (processor(process.pid) - before) / taken
            counts = collections.Counter(
                {name: len(account.calls(name)) for name in ("SubmitJob", "DescribeJobs", "ListJobs", "GetJobQueueSnapshot",
                                                             "DescribeJobDefinitions", "RegisterJobDefinition")})
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(300)
    say(f"{dict(counts)} in {taken:.0f} s, {core:.2%} of a core")
    rate = JOBS / (BURST + RATE * submitting)
    looks = counts["DescribeJobs"] / (JOBS / 100 * (taken / LOOK + 2))
    value = max(rate, looks, core / CORE)
    return Result(
        {"submissions": [rate], "looks": [looks], "processor": [core / CORE]}, value, 1.0, "of the limit",
        f"{JOBS} jobs in a queue for {taken:.0f} s; {', '.join(f'{count} {name}' for name, count in counts.most_common())}")


def processor(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
