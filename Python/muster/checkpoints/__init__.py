"""Checkpoints: folders that a task saves into the store while it runs."""

from .checkpoint import Checkpoint
from .reference import CheckpointArtifact

__all__ = ["Checkpoint", "CheckpointArtifact"]
