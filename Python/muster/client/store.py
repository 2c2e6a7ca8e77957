"""A store: the folder in which `muster` keeps runs."""

from functools import cached_property

from .database import Database
from .layout import Layout, locate


class Store:
    """root: the folder; without one the store in use."""

    def __init__(self, root=None):
        self.root = root or locate()
        self.database = Database(self.root)
        self.files = Layout(self.root)

    @cached_property
    def values(self):
        """Reads artifacts."""
        # Most programs that ask for a store read no artifact and need neither hashlib nor pickle.
        from .values import Values
        return Values(self.files)
