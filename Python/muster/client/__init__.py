"""What runs have left, as Metaflow's client has it: `Flow('Training').latest_run.data.accuracy`.

It reads the store that `muster` writes: in `MUSTER_STORE`, or `.muster` in this folder or one above it.
"""

from .namespaces import default_namespace, get_namespace, namespace
from .objects import DataArtifact, Flow, Metaflow, Run, Step, Task
from .store import MetaflowNamespaceMismatch, MetaflowNotFound

__all__ = [
    "DataArtifact", "Flow", "Metaflow", "Run", "Step", "Task", "MetaflowNamespaceMismatch", "MetaflowNotFound",
    "default_namespace", "get_namespace", "namespace",
]
