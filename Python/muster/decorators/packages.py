"""Decorators for the contents of a flow's code package, which here always holds all of the flow's folder."""

import os

from .base import Decorator, flow_decorator


class PackageSources(Decorator):
    """More files and folders for the code package."""

    name = "package_sources"
    defaults = {"sources": None, "arcname": None, "suffixes": None}

    def notes(self):
        from ..launch import launch
        folder = os.path.dirname(os.path.realpath(launch.file)) if launch.file else os.getcwd()
        outside = [each for each in self._paths() if not self._is_below(folder, each)]
        if not outside:
            return []
        lie = "lies" if len(outside) == 1 else "lie"
        return [
            f"@package_sources: {', '.join(outside)} {lie} outside of the flow's folder, which is all that the code package has; "
            "steps find that where they run in place, and in no other place"]

    def _paths(self):
        sources = self.options["sources"]
        # A pair has a path and its name in the package.
        several = [sources] if isinstance(sources, (str, os.PathLike, tuple)) else sources or []
        return [os.fspath(each[0] if isinstance(each, tuple) else each) for each in several]

    @staticmethod
    def _is_below(folder, path):
        path = os.path.realpath(os.path.join(folder, path))
        return os.path.commonpath([folder, path]) == folder


class PackageSuffixes(Decorator):
    """More suffixes of files for the code package."""

    name = "package_suffixes"
    defaults = {"suffixes": None}


_package_sources = flow_decorator(PackageSources)
_package_suffixes = flow_decorator(PackageSuffixes)


def package_sources(sources, arcname=None, suffixes=None):
    """The decorator `@package_sources("../shared")`."""
    return _package_sources(sources=sources, arcname=arcname, suffixes=suffixes)


def package_suffixes(suffixes):
    """The decorator `@package_suffixes([".yaml"])`."""
    return _package_suffixes(suffixes=suffixes)
