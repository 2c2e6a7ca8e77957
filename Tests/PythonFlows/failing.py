import os
import time

from metaflow import FlowSpec, Parameter, catch, current, retry, step, timeout


class FailingFlow(FlowSpec):
    """Failures that are retried, caught, or cut off."""

    @step
    def start(self):
        self.before = 1
        self.next(self.flaky)

    @retry(times=2)
    @step
    def flaky(self):
        if current.retry_count < 2:
            raise ValueError("not yet")
        self.attempts = current.retry_count
        self.next(self.caught)

    @catch(var="failure", print_exception=False)
    @retry(times=0)
    @step
    def caught(self):
        self.lost = True
        raise KeyError("nothing there")
        self.next(self.slow)

    @catch(var="late")
    @timeout(seconds=1)
    @step
    def slow(self):
        self.early = True
        time.sleep(60)
        self.next(self.fine)

    @catch(var="none")
    @step
    def fine(self):
        self.next(self.end)

    @step
    def end(self):
        assert self.before == 1 and self.lost is True and self.early is True
        assert self.none is None
        print("failing:", self.attempts, self.failure.type, "|", self.failure.exception, "|", self.late.code)


if __name__ == "__main__":
    FailingFlow()
