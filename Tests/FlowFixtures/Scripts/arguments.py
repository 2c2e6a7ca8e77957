#!/usr/bin/env python3
"""Writes the arguments after the first, as they came, into the file that the first names."""

import json
import os
import sys

# Ranks that share the file write the same, and each a whole one.
part = f"{sys.argv[1]}.{os.getpid()}"
with open(part, "w") as file:
    json.dump([os.fsencode(argument).decode() for argument in sys.argv[2:]], file)
os.rename(part, sys.argv[1])
