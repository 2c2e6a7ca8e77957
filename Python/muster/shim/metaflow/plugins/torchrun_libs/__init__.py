"""Modules of metaflow-torchrun."""
