"""Says which interpreter runs it."""
import sys

print("WORKER", sys.executable, flush=True)
