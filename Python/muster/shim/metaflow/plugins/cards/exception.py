"""What goes wrong with cards: it is said, and no step fails for it."""

from muster.cards.search import CardClassMissing as CardClassFoundException  # noqa: F401
from muster.errors import MetaflowNotFound as CardNotPresentException, MusterException  # noqa: F401


class UnrenderableCardException(MusterException):
    """Never raised here: the error itself is shown."""
