"""Checkpoints: folders in the store that a task saves while it runs."""

from .checkpoint import Checkpoint
from .reference import CheckpointArtifact

__all__ = ["Checkpoint", "CheckpointArtifact"]
