"""A step with @batch or @kubernetes, which is retried after a failure."""

from metaflow import FlowSpec, kubernetes, retry, step


class HelloCloudFlow(FlowSpec):
    @step
    def start(self):
        from metaflow import get_metadata
        print("Using metadata provider: %s" % get_metadata())
        self.next(self.hello)

    @kubernetes(cpu=1, memory=500)
    @retry
    @step
    def hello(self):
        self.message = "Hi from the cloud!"
        print("Muster says: %s" % self.message)
        self.next(self.end)

    @step
    def end(self):
        print("HelloCloud is finished.")


if __name__ == "__main__":
    HelloCloudFlow()
