from metaflow import FlowSpec, current, parallel, step


class GangFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.work, num_parallel=4)

    @parallel
    @step
    def work(self):
        self.node = current.parallel.node_index
        self.next(self.join)

    @step
    def join(self, inputs):
        self.seen = [each.node for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        assert sorted(self.seen) == [0, 1, 2, 3]


if __name__ == "__main__":
    GangFlow()
