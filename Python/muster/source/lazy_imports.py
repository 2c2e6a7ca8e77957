"""Lazy imports for `describe`: libraries such as NumPy, which take longer to load than the rest of a description.

Usually only the bodies of steps use them. They are imported lazily if the flow's file cannot see a difference: at its
top level it imports only the standard library and Metaflow otherwise, and calls only what flows are made of. Saves 350
ms of the 390 that a flow takes to describe that imports NumPy and pandas (Benchmarks: python-imports).
"""

import ast
import importlib.util
import sys
from importlib.machinery import PathFinder, SourceFileLoader

from .origins import Origins
from .toplevel import TopLevel, is_start

# Libraries whose import changes no state that a description depends on.
LAZY = ("jax", "matplotlib", "numpy", "pandas", "scipy", "sklearn", "tensorflow", "torch")


def make_lazy(source):
    """Installs a finder for the libraries that the flow's file imports as a whole and that can be imported lazily."""
    names = _TopLevelImports(ast.parse(source)).lazy
    if names:
        sys.meta_path.insert(0, _Finder(names))


class _TopLevelImports:
    """The effects of the file's top level, judged by its source."""

    def __init__(self, tree):
        self.origins = Origins()
        # The libraries that can be imported lazily; none if another statement could see the difference.
        self.lazy = set()
        top = TopLevel(self._may_import)
        if not all(top.is_pure(each) or is_start(each) for each in tree.body):
            self.lazy = set()

    def _may_import(self, statement):
        if isinstance(statement, ast.ImportFrom):
            root = statement.module.split(".")[0] if statement.level == 0 else None
            return root is not None and root not in LAZY and self._is_from(root, self.origins.is_standard)
        return all(self._is_lazy(alias.name) or self._is_standard(alias.name) for alias in statement.names)

    def _is_lazy(self, name):
        if name not in LAZY or not self._is_from(name, self.origins.is_installed):
            return False
        self.lazy.add(name)
        return True

    def _is_standard(self, name):
        root = name.split(".")[0]
        return root not in LAZY and self._is_from(root, self.origins.is_standard)

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
        # Other loaders, such as those of extension modules, need not support LazyLoader.
        if spec is None or type(spec.loader) is not SourceFileLoader:
            return None
        spec.loader = importlib.util.LazyLoader(spec.loader)
        return spec
