"""Prints where the step's package is."""

import sys

import six

print(f"six {six.__version__}, {six.__file__.startswith(sys.prefix)}, {sys.prefix}")
