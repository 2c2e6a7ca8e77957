"""The client's classes where Metaflow has them."""

from muster.client import *  # noqa: F401, F403
