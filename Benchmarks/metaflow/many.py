from metaflow import FlowSpec, step


class ManyFlow(FlowSpec):
    @step
    def start(self):
        self.items = list(range(997))
        self.next(self.work, foreach="items")

    @step
    def work(self):
        self.element = self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.elements = [each.element for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        assert sorted(self.elements) == list(range(997))


if __name__ == "__main__":
    ManyFlow()
