"""Reads runs and their artifacts, with the names of Metaflow's client: `Flow('Training').latest_run.data.accuracy`.

It reads the store that `muster` writes: in `MUSTER_STORE`, or `.muster` in this folder or one above it.
"""

from ..errors import MetaflowNamespaceMismatch, MetaflowNotFound
from .namespaces import default_metadata, default_namespace, get_metadata, get_namespace, metadata, namespace
from .objects import DataArtifact, Flow, Metaflow, Run, Step, Task

__all__ = [
    "DataArtifact", "Flow", "Metaflow", "Run", "Step", "Task", "MetaflowNamespaceMismatch", "MetaflowNotFound",
    "default_metadata", "default_namespace", "get_metadata", "get_namespace", "metadata", "namespace",
]
