from metaflow import FlowSpec, Parameter, step


class BranchFlow(FlowSpec):
    """Two branches; inputs by name, by index and in a loop; and a merge."""

    scale = Parameter("scale", default=2)

    @step
    def start(self):
        self.common = "kept"
        self.seed = 20
        self.next(self.left, self.right)

    @step
    def left(self):
        self.side = self.seed * self.scale
        self.only_left = [1, 2]
        self.next(self.join)

    @step
    def right(self):
        self.side = self.seed + self.scale
        self.next(self.join)

    @step
    def join(self, inputs):
        assert inputs.left.side == inputs[0].side == 20 * self.scale
        assert inputs.right.side == inputs[1].side == 20 + self.scale
        assert [each.scale for each in inputs] == [self.scale] * 2 and len(inputs) == 2
        self.side = inputs.left.side + inputs.right.side
        self.merge_artifacts(inputs)
        self.next(self.end)

    @step
    def end(self):
        assert self.common == "kept" and self.only_left == [1, 2]
        print("branches:", self.side)


if __name__ == "__main__":
    BranchFlow()
