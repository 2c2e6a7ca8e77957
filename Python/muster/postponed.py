"""Imports that describing a flow does without.

What only the bodies of steps use need not be loaded to read a flow's graph and parameters, and can take longer than all
the rest. A module that the flow imports whole (`import numpy`, `import pandas as pd`) is looked for at once, so that a
missing one is told, and loaded when something of it is asked for.
"""

import ast
import importlib.util
import os
import sys
from importlib.machinery import PathFinder, SourceFileLoader


def postpone(source, folder):
    """Has the modules loaded late that the flow's `source` imports whole; its own, in `folder`, are loaded as ever."""
    sys.meta_path.insert(0, _Finder(_names(source), folder))


def _names(source):
    """Modules that the flow's own top level imports; nothing for a source that does not parse, which is told later."""
    try:
        statements = ast.parse(source).body
    except (SyntaxError, ValueError):
        return frozenset()
    imports = [each for each in statements if isinstance(each, ast.Import)]
    return frozenset(alias.name for each in imports for alias in each.names if "." not in alias.name)


class _Finder:
    def __init__(self, names, folder):
        self.names, self.folder = names, os.path.realpath(folder) + os.sep

    def find_spec(self, name, path=None, target=None):
        spec = PathFinder.find_spec(name) if name in self.names else None
        # Other loaders, such as those of modules in C, need not know of loading late.
        if spec is None or type(spec.loader) is not SourceFileLoader or os.path.realpath(spec.origin).startswith(self.folder):
            return None
        spec.loader = importlib.util.LazyLoader(spec.loader)
        return spec
