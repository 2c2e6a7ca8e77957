"""Decorators that name a place to run at. This machine meets their requests as far as it can."""

from .amounts import megabytes, reserve
from .base import Decorator, plain, step_decorator


class _Place(Decorator):
    # Options that count in every place.
    counting = ("cpu", "gpu", "memory")
    # Options that Metaflow needs and that mean nothing here.
    idle = ()

    def apply(self, settings):
        given = self.options if self.given else {}
        named = {name: given[name] for name in self.counting if name in self.given}
        reserve(self, settings, named.get("cpu"), named.get("gpu"), named.get("memory"), "elsewhere")
        own = {name: plain(value) for name, value in self.given.items() if value is not None}
        kept = {name: value for name, value in own.items() if name not in self.counting + self.idle}
        settings["place"] = {"name": self.name, "options": kept}

    def notes(self):
        # The command line alone knows if the place is set up, and says it.
        return []


class Batch(_Place):
    """A step for AWS Batch: a multi-node job for its gang, a container job without one.

    cpu, gpu, memory (megabytes): of each node; of several decorators the largest amount counts. queue, image, iam_role,
    execution_role: from the settings unless they are given. The other options are Metaflow's. fargate, instance_type,
    share_identifier, scheduling_priority: of the job. queue_deadline: minutes that the job may wait.
    """

    name = "batch"
    defaults = {
        "cpu": None, "gpu": None, "memory": None, "image": None, "queue": None, "iam_role": None,
        "execution_role": None, "shared_memory": None, "max_swap": None, "swappiness": None, "inferentia": None,
        "trainium": None, "efa": None, "host_volumes": None, "efs_volumes": None, "use_tmpfs": False,
        "aws_batch_tags": None, "tmpfs_tempdir": True, "tmpfs_size": None, "tmpfs_path": "/metaflow_temp",
        "ephemeral_storage": None, "log_driver": None, "log_options": None, "executable": None, "privileged": False,
        "fargate": None, "instance_type": None, "share_identifier": None, "scheduling_priority": None,
        "queue_deadline": None,
    }


class Kubernetes(_Place):
    """A step for Kubernetes: a pod for each node of its gang.

    cpu, gpu, memory (megabytes): of each node; of several decorators the largest amount counts. image, namespace,
    service_account, secrets, node_selector, tolerations, labels, annotations: from the settings unless they are given. The
    other options are Metaflow's. queue: of Kueue. scheduler_name, priority_class: of the pods. pod_template: a pod in YAML,
    whose fields come in addition. queue_deadline: minutes that the job may wait.
    """

    name = "kubernetes"
    idle = ("hostname_resolution_timeout", "compute_pool")
    defaults = {
        "cpu": "1", "memory": "4096", "disk": "10240", "image": None, "image_pull_policy": None,
        "image_pull_secrets": None, "service_account": None, "secrets": None, "node_selector": None, "namespace": None,
        "gpu": None, "gpu_vendor": None, "tolerations": None, "labels": None, "annotations": None, "use_tmpfs": None,
        "tmpfs_tempdir": True, "tmpfs_size": None, "tmpfs_path": "/metaflow_temp", "persistent_volume_claims": None,
        "shared_memory": None, "port": None, "compute_pool": None, "executable": None,
        "hostname_resolution_timeout": 600, "qos": "burstable", "extended_resources": {}, "security_context": None,
        "queue": None, "scheduler_name": None, "priority_class": None, "pod_template": None, "queue_deadline": None,
    }


class Slurm(_Place):
    """A step for a Slurm cluster.

    partition, account, qos, constraint, reservation, nodelist, exclude, gres, licenses, switches, time: sbatch's flags.
    exclusive: whether its nodes run nothing else. gpus: the GPUs' type; @resources says how many. setup: lines of shell
    that every node runs first. login: whether those run in a login shell. extra: flags for sbatch as they stand. image,
    mounts: a container. network: the interface that the nodes use. queue_deadline: minutes that the job may wait.
    cpus_per_task, memory, run_time_limit: as in Metaflow; memory is in megabytes, or a text such as 8GB.
    """

    name = "slurm"
    counting = ("cpus_per_task", "memory")
    # Metaflow calls Slurm through a connection of its own; the size of a gang is said by the transition.
    metaflow = ("username", "address", "ssh_key_file", "cert_file", "remote_workdir", "path_to_python3", "cleanup", "nodes", "ntasks")
    defaults = {
        "partition": None, "account": None, "qos": None, "time": None, "constraint": None, "gres": None, "gpus": None,
        "reservation": None, "nodelist": None, "exclude": None, "licenses": None, "switches": None, "exclusive": None,
        "setup": None, "login": None, "extra": None, "image": None, "mounts": None, "network": None,
        "queue_deadline": None, "run_time_limit": None, "cpus_per_task": None, "memory": None, "username": None,
        "address": None, "ssh_key_file": None, "cert_file": None, "remote_workdir": None, "path_to_python3": None,
        "cleanup": False, "nodes": None, "ntasks": None,
    }

    def apply(self, settings):
        given = {name: value for name, value in self.given.items() if value is not None}
        if "cpus_per_task" in given or "memory" in given:
            memory = megabytes(self, "memory", given["memory"]) if "memory" in given else None
            reserve(self, settings, given.get("cpus_per_task"), None, memory, "elsewhere")
        if "time" in given and "run_time_limit" in given:
            self.fail("time and run_time_limit say the same; keep one")
        own = {name: plain(value) for name, value in given.items() if name not in self.counting + self.metaflow}
        settings["place"] = {"name": self.name, "options": own}

    def notes(self):
        # The command line alone knows if sbatch is there, and says it.
        ignored = [name for name in self.metaflow if name in self.given]
        if not ignored:
            return []
        return [f"@{self.name}: {', '.join(ignored)} {'has' if len(ignored) == 1 else 'have'} no effect: sbatch is called directly"]


batch = step_decorator(Batch)
kubernetes = step_decorator(Kubernetes)
slurm = step_decorator(Slurm)
