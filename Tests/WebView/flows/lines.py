from metaflow import FlowSpec, Parameter, card, step


class LinesFlow(FlowSpec):
    count = Parameter("count", default=3000)

    @step
    def start(self):
        for number in range(self.count):
            print(f"line {number}")
        self.items = ["a", "b", "c"]
        self.next(self.each, foreach="items")

    @step
    def each(self):
        self.letter = self.input
        self.next(self.join)

    @card(type="blank")
    @step
    def join(self, inputs):
        self.letters = [each.letter for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    LinesFlow()
