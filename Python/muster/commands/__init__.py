"""The command line of `python flow.py`, as Metaflow spells it.

`front` reads the options before the verb, `verbs` says which verbs and options there are, `grammar` reads them. Verbs that
show what runs have left are done here, with the client; the others are the command `muster`'s (`muster.exec_muster`).
"""
