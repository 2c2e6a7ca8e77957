"""The cards of tasks, as they lie in the store at this moment: of running, failed and succeeded ones."""

import os
import re

from .objects import Task

_NAME = re.compile(r"(\d+)\.(\d+)\.node-(\d+)\.card-(\d+)_([a-zA-Z0-9-]+)(?:_([a-zA-Z0-9_]+))?\.html")


class Card:
    """One page."""

    path = type = id = None

    def __init__(self, path, type, id):
        self.path, self.type, self.id = path, type, id

    def get_data(self):
        """The values that Metaflow's viewer takes into the page of a running step: None, as the whole page is made anew here."""
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
    folder, number = task._place(follow_resumed)
    found = []
    for name in os.listdir(folder) if os.path.isdir(folder) else []:
        match = _NAME.fullmatch(name)
        if match and (int(match[1]), int(match[3])) == (number, task._node):
            found.append((int(match[2]), int(match[4]), Card(os.path.join(folder, name), match[5].replace("-", "_"), match[6])))
    # Those of the newest attempt that has some.
    newest = max((attempt for attempt, _, _ in found), default=0)
    cards = [card for attempt, _, card in sorted(found, key=lambda each: each[:2]) if attempt == newest]
    return [card for card in cards if id in (None, card.id) and type in (None, card.type)]
