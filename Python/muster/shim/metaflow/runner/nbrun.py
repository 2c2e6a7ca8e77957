"""NBRunner under Metaflow's name."""

from muster.notebook import NBRunner, NBRunnerInitializationError  # noqa: F401
