import time

from metaflow import FlowSpec, catch, step, timeout
from metaflow.exception import MetaflowException


class OwnError(MetaflowException):
    headline = "Own"

    def __init__(self, number):
        super().__init__(f"number {number}")


class CaughtFlow(FlowSpec):
    """The artifacts of @catch for failures of every kind."""

    @step
    def start(self):
        self.next(self.plain, self.own, self.late, self.fine)

    @catch(var="failure", print_exception=False)
    @step
    def plain(self):
        self.before = "kept"
        raise KeyError("a")
        self.next(self.join)

    @catch(var="failure")
    @step
    def own(self):
        self.before = "kept"
        raise OwnError(7)
        self.next(self.join)

    @catch(var="failure")
    @timeout(seconds=1)
    @step
    def late(self):
        self.before = "kept"
        time.sleep(60)
        self.next(self.join)

    @catch(var="failure")
    @step
    def fine(self):
        self.before = "kept"
        self.next(self.join)

    @step
    def join(self, inputs):
        failures = [inputs.plain.failure, inputs.own.failure, inputs.late.failure]
        self.types = [each.type for each in failures]
        self.texts = [each.exception for each in failures[:2]]
        self.last = [str(each).strip().splitlines()[-1] for each in failures[:2]]
        self.kept = [inputs.fine.failure, *(each.before for each in inputs)]
        self.next(self.end)

    @step
    def end(self):
        print(self.types, self.texts)


if __name__ == "__main__":
    CaughtFlow()
