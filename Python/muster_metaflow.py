"""Provides `import metaflow` if no Metaflow is installed: for `python flow.py run`, and for programs that read runs.

A .pth file of the installed Muster has every interpreter import this module, so it imports almost nothing itself. Its
finder comes last in sys.meta_path, so an installed Metaflow wins.
"""

import os
import sys


class MetaflowFinder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name != "metaflow":
            return None
        from importlib.util import spec_from_file_location
        folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "muster", "shim", "metaflow")
        return spec_from_file_location(
            name, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder])


if not any(getattr(each, "__name__", "") == "MetaflowFinder" for each in sys.meta_path):
    sys.meta_path.append(MetaflowFinder)
