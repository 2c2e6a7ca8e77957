"""The grammar of `python flow.py …`: verbs, options, and their translation into arguments of `muster`."""
