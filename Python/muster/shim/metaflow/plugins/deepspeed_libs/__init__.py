"""Of metaflow-deepspeed."""
