"""A module of the flow's own."""
