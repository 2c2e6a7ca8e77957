"""Deployer under Metaflow's name. It raises an error that names alternatives."""

from muster.runner.deployer import DeployedFlow, Deployer, NBDeployer  # noqa: F401
