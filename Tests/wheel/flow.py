from metaflow import FlowSpec, Parameter, current, parallel, step


class RootFlow(FlowSpec):
    count = Parameter("count", default=3)

    @step
    def start(self):
        self.items = list(range(self.count))
        self.next(self.square, foreach="items")

    @step
    def square(self):
        self.value = self.input ** 2
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.total = sum(each.value for each in inputs)
        self.next(self.train, num_parallel=2)

    @parallel
    @step
    def train(self):
        self.place = current.parallel.node_index
        self.next(self.join)

    @step
    def join(self, inputs):
        self.places = sorted(each.place for each in inputs)
        self.total = inputs[0].total
        self.next(self.end)

    @step
    def end(self):
        print("total", self.total, "places", self.places)


if __name__ == "__main__":
    RootFlow()
