from metaflow import FlowSpec, Parameter, current, pypi, resources, step, torchrun


class TorchrunFlow(FlowSpec):
    """Trains one model on two nodes with PyTorch's DistributedDataParallel."""

    epochs = Parameter("epochs", default=60, help="Passes over the data.")
    nodes = Parameter("nodes", default=2, help="Nodes to train on.")

    @step
    def start(self):
        self.next(self.train, num_parallel=self.nodes)

    @resources(cpu=1)
    @pypi(packages={"numpy": "", "torch": "2.13.0"})
    @torchrun(nproc_per_node=1)
    @step
    def train(self):
        """Every node calls this; the workers find each other."""
        model = f"{current.tempdir}/model.pt"
        current.torch.run(entrypoint="train.py", entrypoint_args={"epochs": self.epochs, "save": model})
        if current.parallel.node_index == 0:
            import torch
            self.weights = torch.load(model)
        self.next(self.join)

    @pypi(packages={"numpy": "", "torch": "2.13.0"})
    @step
    def join(self, inputs):
        self.slope = float(inputs[0].weights["weight"])
        self.next(self.end)

    @step
    def end(self):
        print(f"the slope is {self.slope:.1f}")


if __name__ == "__main__":
    TorchrunFlow()
