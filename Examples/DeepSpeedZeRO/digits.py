"""scikit-learn's handwritten digits: 64 pixels from 0 to 1 each, and what they show. Every fifth image is held out."""

import torch
from sklearn.datasets import load_digits


def load():
    digits = load_digits()
    images = torch.tensor(digits.data / 16, dtype=torch.float32)
    labels = torch.tensor(digits.target)
    held_out = torch.arange(len(labels)) % 5 == 0
    return (images[~held_out], labels[~held_out]), (images[held_out], labels[held_out])
