"""Short tasks, which may share a job of a place with a queue. Each leaves behind what a task can leave, and looks for what others have left."""

import os
import signal
import subprocess
import time

from muster import FlowSpec, Parameter, current, retry, step

MARK = "LEFT_BY_A_TASK"


def left():
    """Returns what is here of another task."""
    signs = [name for name in (MARK,) if name in os.environ]
    signs += [f"tempdir/{name}" for name in os.listdir(current.tempdir)]
    if signal.getsignal(signal.SIGTERM) is signal.SIG_IGN:
        signs.append("SIGTERM ignored")
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = open(f"/proc/{pid}/cmdline").read().split("\0")
        except OSError:
            continue
        if words[:1] == ["sleep"] and words[1:2] == [f"9{os.environ['SLURM_JOB_ID']}"]:
            signs.append(f"process {pid}")
    return signs


class ReuseFlow(FlowSpec):
    count = Parameter("count", default=8)
    seconds = Parameter("seconds", default=0.0)
    marks = Parameter("marks", default="")
    failing = Parameter("failing", default=-1)

    @step
    def start(self):
        self.items = list(range(self.count))
        self.next(self.work, foreach="items")

    @retry(times=1, minutes_between_retries=0)
    @step
    def work(self):
        self.job = os.environ["SLURM_JOB_ID"]
        self.left = left()
        self.number = self.input
        if self.marks:
            open(f"{self.marks}/{self.input}.{current.retry_count}", "a").write("x")
        os.environ[MARK] = "1"
        open(os.path.join(current.tempdir, "file"), "w").close()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        subprocess.Popen(["sleep", f"9{self.job}"], start_new_session=True)
        time.sleep(self.seconds)
        if self.input == self.failing and current.retry_count == 0:
            raise ValueError("told to fail")
        self.attempt = current.retry_count
        self.next(self.join)

    @step
    def join(self, inputs):
        self.numbers = sorted(i.number for i in inputs)
        self.left = [i.left for i in inputs if i.left]
        self.jobs = sorted({i.job for i in inputs})
        self.attempts = [i.attempt for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(f"reuse: {sum(self.numbers)} left {self.left} attempts {sum(self.attempts)} jobs {len(self.jobs)}")


if __name__ == "__main__":
    ReuseFlow()
