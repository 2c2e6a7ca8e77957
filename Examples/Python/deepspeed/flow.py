from metaflow import FlowSpec, Parameter, current, deepspeed, pypi, resources, step


class DeepSpeedFlow(FlowSpec):
    """Trains a small model with DeepSpeed on two nodes."""

    nodes = Parameter("nodes", default=2, help="Nodes to train on.")
    steps = Parameter("steps", default=80, help="Steps of the optimizer.")

    @step
    def start(self):
        self.next(self.train, num_parallel=self.nodes)

    @resources(cpu=1, memory=2048)
    @pypi(packages={"deepspeed": "0.19.2", "numpy": "", "scikit-learn": "", "setuptools": "", "torch": "2.13.0"})
    @deepspeed
    @step
    def train(self):
        """Every node calls this; the launcher starts one worker a slot on all of them."""
        output = f"{current.tempdir}/slope.txt"
        current.deepspeed.run(entrypoint="train.py", entrypoint_args={"steps": self.steps, "output": output})
        if current.parallel.node_index == 0:
            with open(output) as file:
                self.slope = float(file.read())
        self.next(self.join)

    @step
    def join(self, inputs):
        self.slope = inputs[0].slope
        self.next(self.end)

    @step
    def end(self):
        print(f"the slope is {self.slope:.1f}")


if __name__ == "__main__":
    DeepSpeedFlow()
