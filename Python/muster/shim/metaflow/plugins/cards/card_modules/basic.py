"""The kinds of cards that are there without another package."""

from muster.cards import BlankCard, DefaultCard, ErrorCard, PageComponent  # noqa: F401
