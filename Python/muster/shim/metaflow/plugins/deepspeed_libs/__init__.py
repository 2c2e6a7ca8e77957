"""Modules of metaflow-deepspeed."""
