"""Cards: a page about a task, in one file that needs no network."""

from ..task import CARD
from .components import Artifact, Error, Image, Markdown, ProgressBar, Table, VegaChart

__all__ = ["Artifact", "Cards", "Error", "Image", "Markdown", "ProgressBar", "Table", "VegaChart", "keep"]


class Card:
    """What a step has put on one of its cards."""

    def __init__(self, decorator):
        self.decorator = decorator
        self.components = []

    def append(self, component, id=None):
        """Adds a component, or anything else, which is shown as an artifact."""
        self.components.append(component)

    def extend(self, components):
        for component in components:
            self.append(component)

    def clear(self):
        self.components.clear()

    def refresh(self, *_, **__):
        """A page is made when its step has ended, so there is nothing to bring up to date before."""


class Cards(Card):
    """`current.card`: the step's first card, and all of them by their ids."""

    def __init__(self, decorators):
        super().__init__(decorators[0])
        self.all = [self, *(Card(each) for each in decorators[1:])]

    def __getitem__(self, id):
        for card in self.all:
            if card.decorator.options["id"] == id:
                return card
        known = [each.decorator.options["id"] for each in self.all]
        raise KeyError(f"the step has no card with the id {id!r}; it has {known}")


def keep(decorator, task):
    """Makes the page of one @card and adds it to what the task leaves."""
    from .page import page
    cards = task.current.card
    place = next(index for index, card in enumerate(cards.all) if card.decorator is decorator)
    options = decorator.options
    # Its place among the step's cards, its type, and its id if it has one.
    name = f"{CARD}{place}_{options['type']}" + (f"_{options['id']}" if options["id"] else "")
    task.files[name] = page(task, cards.all[place].components, plain=options["type"] == "blank").encode()
