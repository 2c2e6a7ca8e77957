"""A flow's class: its steps, parameters, configs and graph, and the manifest that describes it to the engine."""
