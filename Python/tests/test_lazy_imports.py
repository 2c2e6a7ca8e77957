"""`describe` executes a flow's file like Python, but for lazy imports that the file cannot notice."""

import json
import os
import subprocess
import sys
import unittest
from importlib.util import find_spec

from support import ROOT, Workshop, flow
from muster.source.lazy_imports import LAZY

BODY = """
    @resources(cpu=N)
    @step
    def start(self):
        self.next(self.end)
    """
# Prints when it is loaded, and replaces itself by another object in sys.modules.
REPLACED = """
import sys, types
sys.stderr.write("LOADED\\n")
class Replaced(types.ModuleType):
    def __call__(self): return 3
    def __getattr__(self, name):
        if name.startswith("__"): raise AttributeError(name)
        return 4
NUMBER = 5
sys.modules[__name__] = Replaced(__name__)
"""
CALLABLE = """
import sys, types
class Callable(types.ModuleType):
    def __call__(self): return 3
sys.modules[__name__].__class__ = Callable
"""


def described(lines, libraries):
    """Returns the manifest and the standard error."""
    source = flow(BODY).replace("from metaflow import *\nimport os\n", "from metaflow import FlowSpec, step, resources\n" + lines)
    with Workshop(source) as workshop:
        place = os.path.join(workshop.folder, "lib", "site-packages")
        os.makedirs(place)
        for name, text in libraries.items():
            with open(os.path.join(place, f"{name}.py"), "w") as file:
                file.write(text)
        done = workshop.call("describe", environment={"PYTHONPATH": place})
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["steps"][0]["settings"]["resources"]["cpu"], done.stderr


class LazyImportTests(unittest.TestCase):
    def test_modules_that_replace_themselves_are_called_or_register_themselves_are_what_they_are_under_python(self):
        registry = {"registry": "ALL = []\n", "plugin": "import registry\nregistry.ALL.append(2)\n"}
        for name in ("library", "numpy"):
            cases = {
                f"import {name}\nN = {name}.anything\n": (4, {name: REPLACED}),
                f"import {name} as other\nN = other()\n": (3, {name: REPLACED}),
                f"import {name}\nN = {name}()\n": (3, {name: CALLABLE}),
                f"import registry, {name}\nN = registry.ALL[0]\n": (
                    2, {"registry": registry["registry"], name: registry["plugin"]}),
                f"import codecs\nimport {name}\nN = len('x'.encode('two'))\n": (
                    2, {name: "import codecs\ncodecs.register(lambda name: codecs.CodecInfo("
                              "lambda text, errors='': (b'xx', 1), None, name=name) if name == 'two' else None)\n"}),
            }
            for lines, (expected, libraries) in cases.items():
                with self.subTest(lines):
                    self.assertEqual(described(lines, libraries)[0], expected)

    def test_a_library_of_numbers_that_only_bodies_use_is_not_loaded(self):
        plain = "import sys\nsys.stderr.write('LOADED\\n')\nNUMBER = any = 1\n"
        for lines, is_loaded in {
            "import numpy\nN = 1\n": False,
            "import numpy as np, os\n'''Says.'''\nN = 1\ndef helps(x=N): return np.x\n": False,
            "from metaflow import *\nimport pandas\nN = 1\n": False,
            "import numpy\nN = 1\nimport library\n": True, "import numpy\nN = max(1, 0)\n": True,
            "from numpy import NUMBER\nN = 1\n": True, "import library\nN = 1\n": True,
            "import numpy\nN = 1\ndef parallel(function): return numpy.any and function\n@parallel\ndef helps(): pass\n": True,
            "import numpy\nN = 1\nold = resources\ndef resources(cpu):\n    return numpy.any and old(cpu=1)\n": True,
        }.items():
            with self.subTest(lines):
                errors = described(lines, {"numpy": plain, "pandas": plain, "library": plain})[1]
                self.assertEqual("LOADED" in errors, is_loaded)

    def test_nothing_that_a_description_could_meet_is_changed_by_a_library_that_is_loaded_late(self):
        script = """
import builtins, codecs, importlib, json, os, sys
sys.path.insert(0, sys.argv[1])
from muster import FlowSpec, Parameter, resources, step
from muster.flow import configs, constants, graph, manifest, parameters
import inspect, ast, textwrap
met = ("muster", "builtins", "ast", "inspect", "json", "textwrap")
def state():
    modules = [each for name, each in sys.modules.items() if name.split(".")[0] in met]
    entries = [(each.__name__, sorted((name, id(value)) for name, value in vars(each).items())) for each in modules]
    return entries, sys.path[:], sys.argv[:], os.getcwd()
before = state()
importlib.import_module(sys.argv[2])
after = state()
known = dict(before[0])
assert {name: value for name, value in after[0] if name in known} == known
assert after[1:] == before[1:]
"""
        for name in LAZY:
            if find_spec(name):
                with self.subTest(name):
                    done = subprocess.run([sys.executable, "-c", script, ROOT, name], stderr=subprocess.PIPE, text=True)
                    self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
