"""Reads a flow's file without running it: statements without side effects, and origins of modules."""
