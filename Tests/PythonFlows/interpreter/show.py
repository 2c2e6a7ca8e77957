"""Prints the interpreter that runs it."""
import sys

print("WORKER", sys.executable, flush=True)
