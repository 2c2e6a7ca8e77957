"""Reads a flow's file without running it: which statements have no side effects, and where modules come from."""
