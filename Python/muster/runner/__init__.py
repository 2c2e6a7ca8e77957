"""Starts runs from Python: Runner for a file, NBRunner for a notebook's cell."""
