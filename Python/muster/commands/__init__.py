"""The verbs of `python flow.py …`: those that show what runs have left are implemented here, with the client.

All others are verbs of the command `muster`, which replaces this process (`exec_muster`).
"""
