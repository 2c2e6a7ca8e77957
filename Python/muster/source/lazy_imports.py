"""Imports that describing a flow does without.

NumPy and its like can take longer to load than all the rest of a description, and mostly the bodies of steps alone use them.
They are loaded late where nothing could tell: in a file that, as it is read, imports nothing else but the standard library
and Metaflow, and calls nothing but what flows are made of. Every other file has its imports made as ever.
"""

import ast
import importlib.util
import sys
from importlib.machinery import PathFinder, SourceFileLoader

from .origins import Origins
from .toplevel import TopLevel, is_start

# Libraries that change nothing outside of themselves which a description could meet.
LATE = ("jax", "matplotlib", "numpy", "pandas", "scipy", "sklearn", "tensorflow", "torch")


def make_lazy(source):
    """Has the libraries loaded late that the flow's file imports whole and cannot miss."""
    names = _Reading(ast.parse(source)).late
    if names:
        sys.meta_path.insert(0, _Finder(names))


class _Reading:
    """What running a file's top level would do, as far as its source shows it."""

    def __init__(self, tree):
        self.origins = Origins()
        #: The libraries that can be loaded late; none where something might see that.
        self.late = set()
        top = TopLevel(self._may_import)
        if not all(top.is_quiet(each) or is_start(each) for each in tree.body):
            self.late = set()

    def _may_import(self, statement):
        if isinstance(statement, ast.ImportFrom):
            root = statement.module.split(".")[0] if statement.level == 0 else None
            return root is not None and root not in LATE and self._is_from(root, self.origins.is_standard)
        return all(self._is_late(alias.name) or self._is_standard(alias.name) for alias in statement.names)

    def _is_late(self, name):
        if name not in LATE or not self._is_from(name, self.origins.is_installed):
            return False
        self.late.add(name)
        return True

    def _is_standard(self, name):
        root = name.split(".")[0]
        return root not in LATE and self._is_from(root, self.origins.is_standard)

    @staticmethod
    def _is_from(root, rule):
        if root in sys.builtin_module_names:
            return True
        spec = importlib.util.find_spec(root)
        return spec is not None and spec.origin is not None and (not spec.has_location or rule(spec.origin))


class _Finder:
    def __init__(self, names):
        self.names = names

    def find_spec(self, name, path=None, target=None):
        spec = PathFinder.find_spec(name) if name in self.names else None
        # Other loaders, such as those of modules in C, need not know of loading late.
        if spec is None or type(spec.loader) is not SourceFileLoader:
            return None
        spec.loader = importlib.util.LazyLoader(spec.loader)
        return spec
