"""Runner under Metaflow's name."""

from muster.runner import ExecutingRun, Runner  # noqa: F401
