"""The components of cards under Metaflow's name."""

from muster.cards import *  # noqa: F401, F403
