import time

from metaflow import FlowSpec, step


class WaitingFlow(FlowSpec):
    @step
    def start(self):
        print("waiting", flush=True)
        time.sleep(300)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    WaitingFlow()
