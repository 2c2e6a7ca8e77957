"""The release of Metaflow whose interface Muster has."""

from muster import METAFLOW_VERSION as metaflow_version  # noqa: F401
