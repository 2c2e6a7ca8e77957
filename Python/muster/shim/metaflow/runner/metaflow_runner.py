"""Runner under Metaflow's name."""

from muster.runner.runner import ExecutingRun, Runner  # noqa: F401
