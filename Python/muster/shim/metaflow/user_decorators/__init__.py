"""Decorators that users make themselves."""
