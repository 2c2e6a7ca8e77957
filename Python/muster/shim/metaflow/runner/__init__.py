"""Runner and NBRunner under Metaflow's names."""
