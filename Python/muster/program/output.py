"""Standard output of a verb whose result a program reads, such as the manifest of `describe`."""

import os
import sys

# The descriptor of the standard output that this process was started with.
_descriptor = 1


def reserve():
    """Sends the flow's own prints to standard error, so that standard output holds the verb's result alone."""
    global _descriptor
    sys.stdout.flush()
    _descriptor = os.dup(1)
    os.dup2(2, 1)


def reserved():
    """Opens the reserved standard output for writing."""
    sys.stdout.flush()
    return open(_descriptor, "w", encoding="utf-8")


def give_back():
    """Makes it descriptor 1 again, for a program that replaces this one by exec."""
    os.dup2(_descriptor, 1)
