"""A cluster of two nodes of one framework in given versions: does its first collective, prints what was installed."""

import json
import os

from metaflow import FlowSpec, current, deepspeed, metaflow_ray, mpi, pypi, resources, step, tensorflow, torchrun

FRAMEWORK = os.environ.get("VERSIONS_FRAMEWORK", "ray")
PACKAGES = json.loads(os.environ.get("VERSIONS_PACKAGES", "{}"))
DECORATORS = {
    "ray": metaflow_ray, "torch": torchrun, "tensorflow": tensorflow, "deepspeed": deepspeed, "mpi4py": mpi}


def run():
    """What the bodies do: on every node, or on the control node where the framework has it so."""
    import subprocess
    import sys
    if FRAMEWORK == "torch":
        current.torch.run(entrypoint="first_torch.py")
    elif FRAMEWORK == "deepspeed":
        current.deepspeed.run(entrypoint="first_deepspeed.py", deepspeed_args=["--num_gpus", "1"])
    elif FRAMEWORK == "mpi4py":
        current.mpi.exec(args=["-n", "2"], program=sys.executable, program_args=["first_mpi.py"])
    else:
        subprocess.run([sys.executable, f"first_{FRAMEWORK}.py", "2"], check=True)


class VersionsFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.work, num_parallel=2)

    @DECORATORS[FRAMEWORK]
    @pypi(packages=PACKAGES)
    @resources(cpu=1)
    @step
    def work(self):
        run()
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        print("versions:", FRAMEWORK)


if __name__ == "__main__":
    VersionsFlow()
