"""What classes of cards and of components derive from."""

from muster.cards import MetaflowCard, MetaflowCardComponent  # noqa: F401
