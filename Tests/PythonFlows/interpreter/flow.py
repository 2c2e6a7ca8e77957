"""Python programs of gangs, each started in another way."""

import subprocess
import sys

from metaflow import FlowSpec, current, deepspeed, mpi, parallel, step, torchrun


class InterpreterFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.torch, num_parallel=2)

    @torchrun
    @step
    def torch(self):
        print("BODY", sys.executable)
        current.torch.run(entrypoint="show.py")
        self.next(self.torch_join)

    @step
    def torch_join(self, inputs):
        self.next(self.speed, num_parallel=2)

    @deepspeed
    @step
    def speed(self):
        current.deepspeed.run(entrypoint="show.py")
        self.next(self.speed_join)

    @step
    def speed_join(self, inputs):
        self.next(self.ranks, num_parallel=2)

    @mpi
    @step
    def ranks(self):
        current.mpi.exec(args=["-n", "1"], program="python3", program_args=["show.py"])
        self.next(self.ranks_join)

    @step
    def ranks_join(self, inputs):
        self.next(self.plain, num_parallel=2)

    @parallel
    @step
    def plain(self):
        current.parallel.launch(["python", "show.py"])
        subprocess.run(["python3", "show.py"], check=True)
        self.next(self.plain_join)

    @step
    def plain_join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    InterpreterFlow()
