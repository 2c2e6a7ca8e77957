"""Deployer under Metaflow's name, which says what there is instead."""

from muster.runner.deployer import DeployedFlow, Deployer, NBDeployer  # noqa: F401
