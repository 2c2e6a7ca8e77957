from metaflow import FlowSpec, step

SIZE = 256 << 20


class ArtifactFlow(FlowSpec):
    @step
    def start(self):
        self.data = b"\7" * SIZE
        self.next(self.end)

    @step
    def end(self):
        assert len(self.data) == SIZE and self.data[-1] == 7


if __name__ == "__main__":
    ArtifactFlow()
