"""NBRunner under Metaflow's name."""

from muster.runner.notebook import NBRunner, NBRunnerInitializationError  # noqa: F401
