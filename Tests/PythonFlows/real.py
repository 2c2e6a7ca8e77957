import sys

from metaflow import FlowSpec, pypi, step


class RealFlow(FlowSpec):
    """Prints the path of a Python that has Metaflow itself."""

    @pypi(packages={"metaflow": "2.19.39", "metaflow-card-html": "1.0.3", "metaflow-checkpoint": "0.2.14"})
    @step
    def start(self):
        self.python = sys.executable
        self.next(self.end)

    @step
    def end(self):
        print(f"real:{self.python}:")


if __name__ == "__main__":
    RealFlow()
