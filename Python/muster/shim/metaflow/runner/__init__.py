"""How flows are run from Python, under Metaflow's name."""
