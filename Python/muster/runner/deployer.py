"""Metaflow's deployers and spin, which Muster does not have. Using one raises an error that names alternatives."""

from ..command_line.verbs import ELSEWHERE
from ..errors import MusterException


class DeployerError(MusterException):
    """A deployer was used."""


class Deployer:
    """Raises DeployerError."""

    _instead = "Runner(FLOW_FILE).run()"

    def __init__(
            self, flow_file, show_output=True, profile=None, env=None, cwd=None, file_read_timeout=3600, **kwargs):
        self._refuse()

    @classmethod
    def _refuse(cls):
        raise DeployerError(
            f"there is no {cls.__name__}: Muster deploys no flows to schedulers; {cls._instead} runs the flow on this machine, "
            "and cron or any other scheduler can start `python FLOW.py run`")


class NBDeployer(Deployer):
    """Raises DeployerError."""

    _instead = "NBRunner(FLOW).nbrun()"

    def __init__(
            self, flow, show_output=True, profile=None, env=None, base_dir=None, file_read_timeout=3600, **kwargs):
        self._refuse()


class DeployedFlow(Deployer):
    """Raises DeployerError."""

    @classmethod
    def from_deployment(cls, identifier, metadata=None, impl=None):
        cls._refuse()

    @classmethod
    def get_triggered_run(cls, identifier, run_id, metadata=None, impl=None):
        cls._refuse()

    @classmethod
    def list_deployed_flows(cls, flow_name=None, impl=None):
        cls._refuse()


def inspect_spin(datastore_root="."):
    """Raises MusterException."""
    raise MusterException(ELSEWHERE["spin"])
