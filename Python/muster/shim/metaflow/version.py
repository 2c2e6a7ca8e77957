"""The release of Metaflow whose language this is."""

from muster import METAFLOW_VERSION as metaflow_version  # noqa: F401
