from metaflow import FlowSpec, Parameter, card, current, step


class ForeachFlow(FlowSpec):
    """Fits a line to each of several samples at once, and keeps the best."""

    samples = Parameter("samples", default=5, help="How many samples to fit.")

    @step
    def start(self):
        """Makes the samples: points near y = 2x + 1, with more noise in each."""
        self.noises = [0.1 * (1 + index) for index in range(self.samples)]
        self.next(self.fit, foreach="noises")

    @step
    def fit(self):
        """Fits one sample by least squares."""
        import random
        numbers = random.Random(self.index)
        points = [(x, 2 * x + 1 + numbers.gauss(0, self.input)) for x in range(20)]
        mean_x, mean_y = (sum(each) / len(points) for each in zip(*points))
        self.slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)
        self.error = abs(self.slope - 2)
        self.next(self.choose)

    @card
    @step
    def choose(self, inputs):
        """Keeps the slope that is nearest to the true one."""
        best = min(inputs, key=lambda each: each.error)
        self.slope = best.slope
        self.errors = [each.error for each in inputs]
        self.merge_artifacts(inputs, exclude=["error"])
        self.next(self.end)

    @step
    def end(self):
        print(f"{len(self.errors)} samples in {current.flow_name}, the best slope is {self.slope:.2f}")


if __name__ == "__main__":
    ForeachFlow()
