from metaflow import FlowSpec, pypi, step


class PackagesFlow(FlowSpec):
    """A step with a package in its own Python that no other step has."""

    @pypi(packages={"iniconfig": "2.0.0"})
    @step
    def start(self):
        import iniconfig
        self.path = iniconfig.__file__
        self.next(self.end)

    @step
    def end(self):
        print("packages:", "site-packages/iniconfig" in self.path)


if __name__ == "__main__":
    PackagesFlow()
