"""The first flow of a tutorial."""

from metaflow import FlowSpec, step


class HelloFlow(FlowSpec):
    """Says hello in three steps."""

    @step
    def start(self):
        """Every flow begins with a step called start."""
        print("HelloFlow is starting.")
        self.next(self.hello)

    @step
    def hello(self):
        print("Hello from a step!")
        self.next(self.end)

    @step
    def end(self):
        print("HelloFlow is all done.")


if __name__ == "__main__":
    HelloFlow()
