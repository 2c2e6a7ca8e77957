"""Writes scikit-learn's handwritten digits as raw numbers: 8 x 8 pixels from 0 to 1 each, and what they show."""

import sys

import numpy
from sklearn.datasets import load_digits

folder = sys.argv[1]
digits = load_digits()
(digits.data / 16).astype(numpy.float32).tofile(f"{folder}/images")
digits.target.astype(numpy.uint8).tofile(f"{folder}/labels")
print(f"{len(digits.target)} images")
