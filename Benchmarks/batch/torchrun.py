"""Four nodes to their first all-reduce."""

from metaflow import FlowSpec, Parameter, current, step, torchrun


class BatchTorchFlow(FlowSpec):
    nodes = Parameter("nodes", default=4)

    @step
    def start(self):
        self.next(self.train, num_parallel=self.nodes)

    @torchrun(nproc_per_node=1)
    @step
    def train(self):
        current.torch.run(entrypoint="allreduce.py", entrypoint_args={"output": current.tempdir})
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    BatchTorchFlow()
