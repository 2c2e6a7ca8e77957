from metaflow import FlowSpec, pypi, step


class EnvironmentFlow(FlowSpec):
    @pypi(packages={"torch": "2.13.0", "numpy": "2.4.6"})
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    EnvironmentFlow()
