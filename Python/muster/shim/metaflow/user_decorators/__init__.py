"""User-made decorators under Metaflow's names."""
