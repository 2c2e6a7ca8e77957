from metaflow import FlowSpec, Parameter, current, parallel, step


class GangFlow(FlowSpec):
    """Four nodes that start together share out a sum."""

    nodes = Parameter("nodes", default=4, help="Nodes of the gang.")

    @step
    def start(self):
        self.numbers = list(range(1000))
        self.next(self.work, num_parallel=self.nodes)

    @parallel
    @step
    def work(self):
        """Every node takes its own share."""
        parallel = current.parallel
        self.part = sum(self.numbers[parallel.node_index::parallel.num_nodes])
        self.next(self.join)

    @step
    def join(self, inputs):
        self.parts = [each.part for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(f"{len(self.parts)} nodes, the sum is {sum(self.parts)}")


if __name__ == "__main__":
    GangFlow()
