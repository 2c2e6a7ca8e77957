"""A flow whose runs have output for every verb of `muster`."""

import sys

from metaflow import FlowSpec, IncludeFile, Parameter, card, catch, current, retry, step


class ToldFlow(FlowSpec):
    alpha = Parameter("alpha", default=3)
    names = Parameter("names", default="a,b", separator=",")
    text = IncludeFile("text", default=__file__.replace("told.py", "note.txt"))

    @card
    @step
    def start(self):
        self.small = {"one": 1}
        self.large = list(range(2000))
        self._hidden = 5
        self.items = [1, 2]
        print("to the output")
        print("to the errors", file=sys.stderr)
        self.next(self.work, foreach="items")

    @catch(var="failure", print_exception=False)
    @retry(times=1, minutes_between_retries=0)
    @step
    def work(self):
        print("work", self.input, current.retry_count)
        if self.input == 2:
            raise ValueError("no two")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.failures = [bool(each.failure) for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ToldFlow()
