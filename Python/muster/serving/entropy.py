"""Notices what libraries take from the system's randomness while they are loaded."""

import os
import random
import sys

# Modules that draw while they are loaded, and are made to draw anew in every child; `tempfile` sees to itself.
_RENEWED = ("multiprocessing.process", "numpy.random", "tempfile")
# Functions and class bodies that draw while a module is loaded what nobody computes with: numbers for the examples in
# docstrings, and defaults that every caller replaces.
_HARMLESS = (
    ("scipy.stats._distribution_infrastructure", "_generate_example"),
    ("sklearn.ensemble._hist_gradient_boosting.grower", "<module>"),
    ("sklearn.ensemble._hist_gradient_boosting.grower", "TreeGrower"),
)
# A package that draws global numbers while it is loaded, to tell links on a terminal apart.
_DRAWS_FOR_LINKS = "rich"


class Entropy:
    """Stands before the functions that identifiers, tokens, keys and generators of random numbers are made with.

    A generator that somebody has seeded is not noticed: it is the same in every process.
    """

    def __init__(self):
        #: Who has drawn; None where nobody has.
        self.reason = None
        self._replaced = [(owner, name, vars(owner)[name]) for owner, name in (
            (os, "urandom"), (os, "getrandom"), (random, "_urandom")) if name in vars(owner)]
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
    """The module that is being loaded and draws; None for one whose draws are renewed."""
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
    """The global numbers of `random`, NumPy and PyTorch as they are known to be: who has changed them has seeded or drawn."""

    def __init__(self):
        self._python = random.getstate()
        # By the module that has them.
        self._others = {name: _state(sys.modules[name]) for name in _STATES if name in sys.modules}
        sys.meta_path.insert(0, self)

    def end(self):
        sys.meta_path.remove(self)

    def have_changed(self):
        return random.getstate() != self._python or any(
            name in sys.modules and _state(sys.modules[name]) != self._others.get(name) for name in _STATES)

    def find_spec(self, name, path=None, target=None):
        """Finds nothing by itself, but looks at what some modules have done as soon as they have been loaded."""
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


# How a module tells where its global numbers stand.
_STATES = {"numpy.random": "get_state", "torch": "get_rng_state"}


def _state(module):
    """The state in values that can be compared; None while the module is being loaded."""
    ask = getattr(module, _STATES[module.__name__], None)
    if ask is None:
        return None
    state = ask()
    return [each.tolist() if hasattr(each, "tolist") else each for each in (state if isinstance(state, tuple) else [state])]
