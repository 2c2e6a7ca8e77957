"""Finds the class of a card's type: in the flow's modules, or in an installed extension."""

import os
from importlib import import_module

from ..errors import MusterException
from .kinds import MetaflowCard


class CardClassMissing(MusterException):
    """No class has the type that a card names."""

    headline = "MetaflowCard not found"
    metaflow_name = "metaflow.plugins.cards.exception.CardClassFoundException"


class UnrenderableCardException(MusterException):
    """For programs that catch it. Never raised here: a card shows its error itself."""


def card_class(kind):
    """Returns the class with this `type`. Raises CardClassMissing, which names the extensions that could not be
    imported.
    """
    problems = []
    for candidate in _all(problems):
        if candidate.type == kind:
            return candidate
    reason = f": {'; '.join(problems)}" if problems else ""
    raise CardClassMissing(f"MetaflowCard named {kind} not found. Check the `type` attribute in @card{reason}")


def _all(problems):
    """Yields the classes, loaded ones first: no package has to be imported for them."""
    yield from _derived(MetaflowCard)
    for package in _packages(problems):
        cards = getattr(package, "CARDS", None)
        for each in cards if isinstance(cards, list) else ():
            if isinstance(each, type) and issubclass(each, MetaflowCard) and each.type:
                yield each


def _derived(kind):
    for each in kind.__subclasses__():
        if each.__dict__.get("type"):
            yield each
        yield from _derived(each)


def _packages(problems):
    """Yields the packages of cards in `metaflow_extensions`: `NAME.plugins.cards`, or the packages inside if that is
    none.
    """
    try:
        import metaflow_extensions
    except ImportError:
        return
    for name in _folders(metaflow_extensions.__path__):
        place = f"metaflow_extensions.{name}.plugins.cards"
        folders = [os.path.join(path, name, "plugins", "cards") for path in metaflow_extensions.__path__]
        folders = [each for each in folders if os.path.isdir(each)]
        if not folders:
            continue
        names = os.listdir(folders[0])
        marks = [each[:-3] for each in names if each.startswith("mfextinit_") and each.endswith(".py")]
        if "__init__.py" in names or marks:
            inner = [place, *(f"{place}.{each}" for each in marks)]
        else:
            inner = [f"{place}.{each}" for each in _folders(folders) if _is_package(folders, each)]
        for each in inner:
            try:
                yield import_module(each)
            except Exception as error:
                problems.append(f"{each} cannot be imported: {type(error).__name__}: {error}")


def _folders(paths):
    return sorted({name for path in paths if os.path.isdir(path) for name in os.listdir(path)
                   if name.isidentifier() and os.path.isdir(os.path.join(path, name))} - {"__pycache__"})


def _is_package(folders, name):
    return any(os.path.exists(os.path.join(each, name, "__init__.py")) for each in folders)
