"""Notices random numbers that libraries draw from the system while they are loaded: every child would have the same
ones.
"""

import os
import random
import sys

# Modules that draw numbers while they are loaded, and are seeded again in every child. `tempfile` does so itself.
_RENEWED = ("multiprocessing.process", "numpy.random", "tempfile")
# Code that draws numbers while a module is loaded which nothing computes with: examples in docstrings, and defaults
# that every caller replaces.
_HARMLESS = (
    ("scipy.stats._distribution_infrastructure", "_generate_example"),
    ("sklearn.ensemble._hist_gradient_boosting.grower", "<module>"),
    ("sklearn.ensemble._hist_gradient_boosting.grower", "TreeGrower"),
)
# A package that draws a global random number while it is loaded, for the ids of links on a terminal.
_DRAWS_FOR_LINKS = "rich"


class Entropy:
    """Replaces the functions that identifiers, tokens, keys and generators get their numbers from.

    A generator that a library seeds itself is not noticed: it is the same in every process.
    """

    def __init__(self):
        # The sentence about the library that has drawn numbers, or None.
        self.reason = None
        sources = [
            (os, "urandom"), (os, "getrandom"),
            *((random.SystemRandom, name) for name in ("random", "getrandbits", "randbytes"))]
        if "secrets" in sys.modules:
            # A method of SystemRandom that was bound when the module was loaded.
            sources.append((sys.modules["secrets"], "randbits"))
        self._replaced = [(owner, name, vars(owner)[name]) for owner, name in sources if name in vars(owner)]
        for owner, name, function in self._replaced:
            setattr(owner, name, self._noticing(function))
        self._replaced.append((random.Random, "seed", random.Random.seed))
        random.Random.seed = self._noticing_seed(random.Random.seed)

    def end(self):
        for owner, name, function in self._replaced:
            setattr(owner, name, function)

    def _noticing(self, function):
        def draw(*arguments, **options):
            self._notice()
            return function(*arguments, **options)
        return draw

    def _noticing_seed(self, function):
        def seed(generator, a=None, version=2):
            if a is None:
                self._notice()
            return function(generator, a, version)
        return seed

    def _notice(self):
        drawer = _drawer(sys._getframe(2))
        if drawer is not None:
            self.reason = f"{drawer} has drawn random numbers from the system"


def _drawer(frame):
    """Returns the name of the module that is being loaded and draws, or None if its draws are harmless or repeated."""
    name = None
    while frame is not None:
        module, is_loading = frame.f_globals.get("__name__"), frame.f_code.co_name == "<module>"
        if module in _RENEWED and (is_loading or module != "numpy.random") or (module, frame.f_code.co_name) in _HARMLESS:
            return None
        if name is None and is_loading:
            name = module
        frame = frame.f_back
    return name or "a library"


class GlobalNumbers:
    """Compares the states of the global generators of `random`, NumPy and PyTorch: a change means a seed or a draw."""

    def __init__(self):
        self._python = random.getstate()
        # States by module.
        self._others = {name: _state(sys.modules[name]) for name in _STATES if name in sys.modules}
        sys.meta_path.insert(0, self)

    def end(self):
        sys.meta_path.remove(self)

    def have_changed(self):
        return random.getstate() != self._python or any(
            name in sys.modules and _state(sys.modules[name]) != self._others.get(name) for name in _STATES)

    def find_spec(self, name, path=None, target=None):
        """Finds nothing itself. It has the state noted right after one of these modules was loaded."""
        if name not in _STATES and name.split(".")[0] != _DRAWS_FOR_LINKS:
            return None
        others = sys.meta_path[sys.meta_path.index(self) + 1:]
        spec = next(filter(None, (each.find_spec(name, path, target) for each in others)), None)
        if spec is not None and spec.loader is not None:
            self._look_after(spec.loader)
        return spec

    def _look_after(self, loader):
        def exec_module(module):
            del loader.exec_module
            was_known = random.getstate() == self._python
            loader.exec_module(module)
            if module.__name__ in _STATES:
                self._others[module.__name__] = _state(module)
            elif was_known:
                self._python = random.getstate()
        loader.exec_module = exec_module


# The function that returns the state of a module's global generator.
_STATES = {"numpy.random": "get_state", "torch": "get_rng_state"}


def _state(module):
    """Returns the state as comparable values, or None while the module is being loaded."""
    ask = getattr(module, _STATES[module.__name__], None)
    if ask is None:
        return None
    state = ask()
    return [each.tolist() if hasattr(each, "tolist") else each for each in (state if isinstance(state, tuple) else [state])]
