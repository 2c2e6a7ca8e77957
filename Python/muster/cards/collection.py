"""`current.card`: the cards of a step and their components."""

import sys

from ..names import hint
from .page_writer import PageWriter


class Components:
    """A card's components in their order. A component that was added with an id is found by it."""

    def __init__(self):
        self._all = {}

    def append(self, component, id=None):
        """Adds a component, or any other value, which is shown as an artifact. Replaces the one with the same id."""
        self._all[id if id is not None else object()] = component

    def extend(self, components):
        for component in components:
            self.append(component)

    def clear(self):
        self._all.clear()

    def keys(self):
        return [key for key in self._all if isinstance(key, str)]

    def values(self):
        return list(self._all.values())

    def __iter__(self):
        return iter(self.values())

    def __len__(self):
        return len(self._all)

    def __contains__(self, id):
        return id in self._all

    def __getitem__(self, id):
        if id not in self._all:
            raise KeyError(f"the card has no component with the id {id!r}{hint(str(id), self.keys())}")
        return self._all[id]

    def __setitem__(self, id, component):
        self._all[id] = component

    def __delitem__(self, id):
        del self._all[id]


class Card:
    """One card of the step. `writer` is None for a card that is shown nowhere."""

    def __init__(self, writer=None):
        self.writer = writer
        self.components = Components()

    def __iter__(self):
        return iter(self.components)

    def append(self, component, id=None):
        """Adds a component, or any other value, which is shown as an artifact."""
        self.components.append(component, id)

    def extend(self, components):
        self.components.extend(components)

    def clear(self):
        self.components.clear()

    def refresh(self, data=None, force=False):
        """Stores the card's present state while the step runs. data: an argument for classes of cards that take it.

        Skips calls in quick succession, so that cards take at most a tenth of the step's time, unless `force` is set.
        """
        if self.writer is not None:
            self.writer.refresh(self.components, force, data)


class Cards:
    """`current.card`: the step's default card, and all cards by their ids.

    The default card is the only one, the one with `customize=True`, or the only one without an id.
    """

    def __init__(self, task):
        decorators = [each for each in task.function.decorators if each.name == "card"]
        self._all = [Card(PageWriter(task, decorator, place)) for place, decorator in enumerate(decorators)]
        self._nowhere = Card()
        self._warned = set()

    def __iter__(self):
        return iter(self._all)

    def _warn(self, text):
        if text not in self._warned:
            self._warned.add(text)
            sys.stderr.write(f"muster: {text}\n")

    @property
    def _default(self):
        # Cards that take no components come last: `current.card` means one only if there is no other.
        shown = [card for card in self._all if card.writer.takes_components] or self._all
        for meant in (
                shown, [card for card in shown if card.writer.options["customize"]],
                [card for card in shown if card.writer.id is None]):
            if len(meant) == 1:
                return meant[0]
        self._warn(
            "the step has several cards and current.card may mean any of them, so this is shown nowhere; give them ids "
            "and write current.card['ID']")
        return self._nowhere

    def __getitem__(self, id):
        """Returns the card with this id. A missing card only causes a warning, and its components are shown nowhere."""
        found = [card for card in self._all if card.writer.id == id]
        if len(found) == 1:
            return found[0]
        known = ", ".join(repr(card.writer.id) for card in self._all)
        self._warn(
            f"{len(found) or 'no'} card of the step has the id {id!r}, so what is put there is shown nowhere; the ids are {known}")
        return self._nowhere

    def __setitem__(self, id, components):
        """Replaces the components of the card with this id."""
        if not isinstance(components, (list, tuple)):
            raise TypeError(f"current.card[{id!r}] is set to a list of components, not to {type(components).__name__}")
        card = self[id]
        card.clear()
        card.extend(components)

    def get(self, type=None):
        """Returns all cards of this type."""
        return [card for card in self._all if card.writer.type == type]

    @property
    def components(self):
        return self._default.components

    def append(self, component, id=None):
        self._default.append(component, id)

    def extend(self, components):
        self._default.extend(components)

    def clear(self):
        self._default.clear()

    def refresh(self, *given, **options):
        self._default.refresh(*given, **options)
