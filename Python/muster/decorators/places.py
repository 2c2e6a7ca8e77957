"""Decorators that name a place to run at. This machine meets their requests as far as it can."""

from .amounts import reserve
from .base import Decorator, step_decorator


class _Place(Decorator):
    # Options that count in every place.
    counting = ("cpu", "gpu", "memory")

    def apply(self, settings):
        given = self.options if self.given else {}
        named = {name: given[name] for name in self.counting if name in self.given}
        reserve(self, settings, named.get("cpu"), named.get("gpu"), named.get("memory"), "elsewhere")

    def notes(self):
        ignored = [name for name in self.defaults if name in self.given and name not in self.counting]
        if not ignored:
            return []
        return [f"@{self.name}: on this machine {', '.join(ignored)} {'has' if len(ignored) == 1 else 'have'} no effect"]


class Batch(_Place):
    """A step for AWS Batch."""

    name = "batch"
    defaults = {
        "cpu": None, "gpu": None, "memory": None, "image": None, "queue": None, "iam_role": None,
        "execution_role": None, "shared_memory": None, "max_swap": None, "swappiness": None, "inferentia": None,
        "trainium": None, "efa": None, "host_volumes": None, "efs_volumes": None, "use_tmpfs": False,
        "aws_batch_tags": None, "tmpfs_tempdir": True, "tmpfs_size": None, "tmpfs_path": "/metaflow_temp",
        "ephemeral_storage": None, "log_driver": None, "log_options": None, "executable": None, "privileged": False,
    }


class Kubernetes(_Place):
    """A step for Kubernetes."""

    name = "kubernetes"
    defaults = {
        "cpu": "1", "memory": "4096", "disk": "10240", "image": None, "image_pull_policy": None,
        "image_pull_secrets": None, "service_account": None, "secrets": None, "node_selector": None, "namespace": None,
        "gpu": None, "gpu_vendor": None, "tolerations": None, "labels": None, "annotations": None, "use_tmpfs": None,
        "tmpfs_tempdir": True, "tmpfs_size": None, "tmpfs_path": "/metaflow_temp", "persistent_volume_claims": None,
        "shared_memory": None, "port": None, "compute_pool": None, "executable": None,
        "hostname_resolution_timeout": 600, "qos": "burstable", "extended_resources": {}, "security_context": None,
    }


batch = step_decorator(Batch)
kubernetes = step_decorator(Kubernetes)
