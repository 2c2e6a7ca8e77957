"""The classes of cards and of their components."""

from muster.cards import MetaflowCard, MetaflowCardComponent  # noqa: F401
