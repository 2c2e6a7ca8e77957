"""Of metaflow-torchrun."""
