"""`import metaflow` in a flow's own file, where no Metaflow is installed: for `python flow.py run`.

An installed Muster has every interpreter import this, so it imports nothing itself. The finder is asked last, so a real
Metaflow comes before it, and it answers only a program that is a flow.
"""

import os
import sys


class MetaflowFinder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name != "metaflow" or not is_flow(getattr(sys.modules.get("__main__"), "__file__", None)):
            return None
        from importlib.util import spec_from_file_location
        folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "muster", "shim", "metaflow")
        return spec_from_file_location(
            name, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder])


def is_flow(path):
    """Whether the program that runs here is a file with a flow in it."""
    try:
        with open(path, "rb") as file:
            return b"FlowSpec" in file.read()
    except (OSError, TypeError):
        return False


if not any(getattr(each, "__name__", "") == "MetaflowFinder" for each in sys.meta_path):
    sys.meta_path.append(MetaflowFinder)
