"""What flows import from the extensions of Metaflow for torchrun and DeepSpeed, by the names that these give it."""
