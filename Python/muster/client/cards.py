"""The cards of tasks that run, have failed or have succeeded, as they are in the store at this moment."""

from .objects import Task


class Card:
    """A card: an HTML page."""

    path = type = id = None

    def __init__(self, path, type, id):
        self.path, self.type, self.id = path, type, id

    def get_data(self):
        """None. Under Metaflow: values that change a running step's page in place; Muster renders the whole page again."""
        return None

    def get(self):
        """The page's HTML."""
        with open(self.path, encoding="utf-8") as file:
            return file.read()

    html = property(get)

    @property
    def hash(self):
        from hashlib import sha256
        with open(self.path, "rb") as file:
            return sha256(file.read()).hexdigest()

    def view(self):
        """Opens the page in a browser."""
        import webbrowser
        webbrowser.open(f"file://{self.path}")

    def _repr_html_(self):
        return self.get()

    def __repr__(self):
        return f"<Card of the type {self.type}{f' and the id {self.id}' if self.id else ''}: {self.path}>"


def get_cards(task, id=None, type=None, follow_resumed=True):
    """The cards of a task, a `Task` or its pathspec, in the order of their decorators.

    follow_resumed: of a task that a run has taken over from another one, that one's.
    """
    task = Task(task) if isinstance(task, str) else task
    step, number = task._place(follow_resumed)
    found = [
        (attempt, index, Card(path, type_, id_))
        for of, attempt, node, index, type_, id_, path in task._store.files.cards(*step)
        if (of, node) == (number, task._node)]
    # The newest attempt may have been killed before it made a card.
    newest = max((attempt for attempt, _, _ in found), default=0)
    cards = [card for attempt, _, card in sorted(found, key=lambda each: each[:2]) if attempt == newest]
    return [card for card in cards if id in (None, card.id) and type in (None, card.type)]
