"""Reading the cards of tasks."""

from muster.client.cards import Card, get_cards  # noqa: F401
