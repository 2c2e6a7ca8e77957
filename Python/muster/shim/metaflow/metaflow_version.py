"""The version of Metaflow that programs ask for."""

from .version import metaflow_version


def get_version(public=False):
    """Returns Metaflow's version, with Muster's behind it unless `public` is set: programs parse that."""
    from muster import __version__
    return metaflow_version if public else f"{metaflow_version}+muster({__version__})"
