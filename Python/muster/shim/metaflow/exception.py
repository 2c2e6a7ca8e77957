"""What Metaflow's exceptions are here."""

from muster.client import MetaflowNamespaceMismatch, MetaflowNotFound  # noqa: F401
from muster.errors import MusterException as MetaflowException  # noqa: F401
