import sys

import beside_the_start
from metaflow import FlowSpec, current, parallel, step


class SearchFlow(FlowSpec):
    """A relative folder in PYTHONPATH is relative to the folder where the flow was started, for all processes of the
    run.
    """

    @step
    def start(self):
        print("start:", beside_the_start.PLACE)
        self.next(self.team, num_parallel=2)

    @parallel
    @step
    def team(self):
        current.parallel.launch([sys.executable, "-c", "import beside_the_start as b; print('launched:', b.PLACE)"])
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    SearchFlow()
