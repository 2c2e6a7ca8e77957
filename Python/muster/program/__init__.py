"""The verbs of a flow program, which `muster` and its agents start: describe, step, values and hooks."""
