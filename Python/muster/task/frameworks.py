"""`current.torch`, `current.deepspeed`, `current.mpi`: every method sends one request to the agent.

The agent starts the framework's processes, so its commands and variables stand in Swift alone.
"""

from ..arguments import flags, pairs, texts
from ..running import running


class Torch:
    """The PyTorch cluster of a step with @torchrun."""

    def __init__(self, agent):
        self._agent = agent

    def run(
            self, torchrun_args=None, entrypoint=None, entrypoint_args=None, nproc_per_node=None,
            push_results_dir_to_cloud=False, local_output_dir=None, cloud_output_dir=None):
        """Starts a script's workers on this node, with the environment that torchrun sets, and returns when they have
        ended.

        Every node calls it with the same arguments. entrypoint: a script in the flow's folder.
        """
        words = pairs(torchrun_args)
        options = {
            "entrypoint": _entrypoint(entrypoint), "arguments": flags(entrypoint_args), "torchrunArguments": words}
        if nproc_per_node is not None:
            options["processesPerNode"] = int(nproc_per_node)
        self._agent.launch("torchrun", options)


class TorchrunSingleNodeMultiGPU:
    """Starts a script's workers on this node alone, in a step that is no gang."""

    def run(self, torchrun_args=None, entrypoint=None, entrypoint_args=None, nproc_per_node=None):
        Torch(running.task.agent).run(torchrun_args, entrypoint, entrypoint_args, nproc_per_node)


class DeepSpeed:
    """The DeepSpeed cluster of a step with @deepspeed."""

    def __init__(self, agent):
        self._agent = agent

    def run(
            self, deepspeed_args=None, entrypoint=None, entrypoint_args=None, push_results_dir_to_cloud=False,
            local_output_dir=None, cloud_output_dir=None):
        """Starts a script with DeepSpeed on all nodes, and returns when it has ended everywhere."""
        self._agent.launch("deepspeed", {
            "entrypoint": _entrypoint(entrypoint), "arguments": flags(entrypoint_args),
            "deepspeedArguments": flags(deepspeed_args)})


class DeepspeedExecutor:
    """DeepSpeed on this node alone, in a step that is no gang: `DeepspeedExecutor.for_single_node(self).run(…)`."""

    def __init__(self, hosts=None, n_slots_per_host=1, is_gpu=False, flow_datastore=None):
        self._count = int(n_slots_per_host)

    @classmethod
    def for_single_node(cls, flow, use_gpu=False, n_slots=1):
        return cls(n_slots_per_host=n_slots, is_gpu=use_gpu)

    def run(self, deepspeed_args=None, entrypoint=None, entrypoint_args=None, **places):
        """Starts one worker of a script for each slot, and returns when they have ended."""
        count = ["--num_gpus", str(self._count)]
        DeepSpeed(running.task.agent).run(count + flags(deepspeed_args), entrypoint, entrypoint_args, **places)


class MPI:
    """The MPI cluster of a step with @mpi. Its body runs on the control node."""

    def __init__(self, agent):
        self._agent = agent

    def cc(self, args=None):
        """Compiles with mpicc, on this node."""
        self._agent.launch("mpi", {"operation": "cc", "arguments": texts(args)})

    def run(self, args=None, program=None, program_args=None):
        """Runs a program on all nodes with mpirun."""
        self._program("run", args, program, program_args)

    def exec(self, args=None, program=None, program_args=None):
        """Runs a program on all nodes with mpiexec."""
        self._program("exec", args, program, program_args)

    def broadcast_file(self, filename):
        """Copies a file of this node's work folder to the same path on all other nodes."""
        self._agent.ask({"broadcast": {"path": filename}})

    def _program(self, operation, args, program, program_args):
        words = str(program or "").split()
        if not words:
            raise ValueError(f"current.mpi.{operation} needs a program")
        self._agent.launch("mpi", {
            "operation": operation, "arguments": texts(args), "program": words[0],
            "programArguments": words[1:] + texts(program_args)})


def _entrypoint(entrypoint):
    if not entrypoint:
        raise ValueError("entrypoint is missing; name the script that every process runs")
    return str(entrypoint)
