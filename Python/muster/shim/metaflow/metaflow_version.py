"""Of what version Metaflow is, as programs ask for it."""

from .version import metaflow_version


def get_version(public=False):
    """With the one that stands in for it, unless it is `public`: a text that other programs read."""
    from muster import __version__
    return metaflow_version if public else f"{metaflow_version}+muster({__version__})"
