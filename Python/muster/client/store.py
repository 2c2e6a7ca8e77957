"""A store: the folder or the bucket in which `muster` keeps runs."""

from functools import cached_property

from .database import Database
from .layout import Layout, locate


class Store:
    """root: the folder, or the address of the bucket; without one the store in use."""

    def __init__(self, root=None):
        self.root = root or locate()
        if self.root.startswith("s3://"):
            from .bucket import BucketDatabase, BucketLayout, service
            bucket = service(self.root)
            self.database, self.files = BucketDatabase(bucket), BucketLayout(bucket)
        else:
            self.database, self.files = Database(self.root), Layout(self.root)

    @cached_property
    def values(self):
        """Reads artifacts."""
        # Most programs that ask for a store read no artifact and need neither hashlib nor pickle.
        from .values import Values
        return Values(self.files)
