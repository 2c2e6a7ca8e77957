"""The client under Metaflow's name."""

from muster.client import *  # noqa: F401, F403
