from metaflow import FlowSpec, step


class ChoiceFlow(FlowSpec):
    """A loop that ends by a condition, then a choice between two steps."""

    @step
    def start(self):
        self.count = 0
        self.next(self.again)

    @step
    def again(self):
        self.count += 1
        self.more = "yes" if self.count < 4 else "no"
        self.next({"yes": self.again, "no": self.choose}, condition="more")

    @step
    def choose(self):
        self.size = "large" if self.count > 3 else "small"
        self.next({"large": self.large, "small": self.small}, condition="size")

    @step
    def large(self):
        self.word = "large"
        self.next(self.end)

    @step
    def small(self):
        self.word = "small"
        self.next(self.end)

    @step
    def end(self):
        print("choice:", self.count, self.word)


if __name__ == "__main__":
    ChoiceFlow()
