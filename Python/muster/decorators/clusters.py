"""Decorators that make a step a gang, and name the framework that the agents set up on it."""

from .amounts import whole
from .base import Decorator, step_decorator


class Parallel(Decorator):
    """A gang whose body runs on every node; entered by `self.next(…, num_parallel=N)`."""

    name = "parallel"
    framework = None

    def apply(self, settings):
        settings["isGang"] = True
        if self.framework:
            settings["framework"] = {"name": self.framework, "options": self.framework_options()}

    def framework_options(self):
        return {}


class PyTorchParallel(Parallel):
    """A gang with the environment of `torch.distributed`; the body runs on every node."""

    name = "pytorch_parallel"
    defaults = {"master_port": None}

    def prepare(self, task):
        import os
        parallel = task.current.parallel
        size = str(parallel.num_nodes)
        os.environ.update({
            "MASTER_ADDR": parallel.main_ip, "MASTER_PORT": str(self.options["master_port"] or self.port(task)),
            "NODE_RANK": str(parallel.node_index), "WORLD_SIZE": size, "NUM_NODES": size,
            "PL_TORCH_DISTRIBUTED_BACKEND": "gloo",
        })

    @staticmethod
    def port(task):
        """Returns a port that is the same on all nodes and differs between attempts, so that no process of an earlier
        one answers.
        """
        import zlib
        return 51000 + zlib.crc32(repr(sorted(task.description["attempt"].items())).encode()) % 10000


class Torchrun(Parallel):
    """A PyTorch cluster: `current.torch.run` starts its workers on every node."""

    name = "torchrun"
    framework = "torchrun"
    defaults = {"master_port": "3339", "all_nodes_started_timeout": 600, "nproc_per_node": 1}

    def framework_options(self):
        return {"processesPerNode": whole(self, "nproc_per_node", self.options["nproc_per_node"])}


class DeepSpeed(Parallel):
    """A DeepSpeed cluster: `current.deepspeed.run` starts the launcher on the control node."""

    name = "deepspeed"
    framework = "deepspeed"
    defaults = {"all_nodes_started_timeout": 600, "worker_polling_freq": 0.5, "use_sudo": False}


class MPI(Parallel):
    """An MPI cluster: the body runs on the control node, with `current.mpi`."""

    name = "mpi"
    framework = "mpi"
    defaults = {"all_nodes_started_timeout": 90, "worker_polling_freq": 5}


class TensorFlow(Parallel):
    """A TensorFlow cluster: the body runs on every node, with `TF_CONFIG`."""

    name = "tensorflow"
    framework = "tensorflow"


class MetaflowRay(Parallel):
    """A Ray cluster: the body runs on the control node and calls `ray.init()`."""

    name = "metaflow_ray"
    framework = "ray"
    defaults = {
        "main_port": None, "worker_polling_freq": 10, "all_nodes_started_timeout": 90, "heartbeat_timeout": 600,
        "unreachable_timeout": 600, "enable_worker_logs": False, "logging_level": None, "log_style": None,
        "enable_dashboard": False, "dashboard_port": 8265,
    }

    def framework_options(self):
        """Returns the dashboard's options. The agents pick free ports, so that two clusters never share one; a written
        port is used.

        Under Metaflow, Ray prints its workers' output in the body's log unless enable_worker_logs is set. Here it is
        always in the log of the worker's own node.
        """
        options = self.options
        settings = {"dashboard": bool(options["enable_dashboard"])}
        if "dashboard_port" in self.given:
            settings["dashboardPort"] = whole(self, "dashboard_port", options["dashboard_port"])
        return settings


parallel = step_decorator(Parallel)
pytorch_parallel = step_decorator(PyTorchParallel)
torchrun = step_decorator(Torchrun)
deepspeed = step_decorator(DeepSpeed)
mpi = step_decorator(MPI)
tensorflow = step_decorator(TensorFlow)
metaflow_ray = step_decorator(MetaflowRay)
