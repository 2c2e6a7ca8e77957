"""Modules of Metaflow's extensions for torchrun and DeepSpeed that flows import."""
