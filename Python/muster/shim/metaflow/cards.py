"""The components of cards under Metaflow's name."""

from muster.cards import Artifact, Error, Image, Markdown, ProgressBar, Table, VegaChart  # noqa: F401
