import os

from metaflow import (
    FlowSpec, IncludeFile, JSONType, Parameter, catch, current, environment, parallel, resources, retry, step, timeout)


class SameFlow(FlowSpec):
    """Results that have to be the same under Metaflow and under Muster."""

    constant = {"layers": [1, 2]}
    alpha = Parameter("alpha", default=0.5)
    count = Parameter("count", type=int, default=2)
    flag = Parameter("flag", default=False)
    words = Parameter("words", default="a,b", separator=",")
    shape = Parameter("shape", type=JSONType, default='{"x": [1]}')
    made = Parameter("made", type=str, default=lambda context: context.flow_name)
    note = IncludeFile("note", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "note.txt"))

    @environment(vars={"COLOUR": 7})
    @resources(cpu=1)
    @step
    def start(self):
        self.colour = os.environ["COLOUR"]
        self.rows = ["r0", "r1"]
        self.kept = "kept"
        self.next(self.row, foreach="rows")

    @step
    def row(self):
        self.columns = [("c0", 1), ("c1", 2)]
        self.next(self.cell, foreach="columns")

    @retry(times=1, minutes_between_retries=0)
    @step
    def cell(self):
        if current.retry_count == 0 and self.index == 1:
            raise ValueError("the first time")
        self.place = (self.index, self.foreach_stack()[0], current.retry_count)
        self.next(self.join_row)

    @step
    def join_row(self, inputs):
        self.places = [each.place for each in inputs]
        self.merge_artifacts(inputs, exclude=["place"])
        self.next(self.join)

    @step
    def join(self, inputs):
        self.places = [each.places for each in inputs]
        self.merge_artifacts(inputs, include=["kept", "colour"])
        self.next(self.fan_out)

    @step
    def fan_out(self):
        self.next(self.gang, num_parallel=self.count)

    @timeout(minutes=5)
    @parallel
    @step
    def gang(self):
        place = current.parallel
        self.place = (self.input, self.index, place.num_nodes, place.node_index, bool(place.main_ip))
        self.next(self.gather)

    @catch(var="failure")
    @step
    def gather(self, inputs):
        self.places = [each.place for each in inputs]
        self.kept = inputs[0].kept
        self.next(self.count_up)

    @step
    def count_up(self):
        self.turns = getattr(self, "turns", 0) + 1
        self.way = "again" if self.turns < 3 else "on"
        self.next({"again": self.count_up, "on": self.left}, condition="way")

    @step
    def left(self):
        self.next(self.end)

    @step
    def end(self):
        print("same:", self.kept, self.places, self.turns, self.constant)
        print(current.flow_name, current.step_name, getattr(current, "is_parallel", False), "x" in current.tags)


if __name__ == "__main__":
    SameFlow()
