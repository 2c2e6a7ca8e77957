"""The model, and the images it reads."""

import numpy
import torch
from torch import nn


def build():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * 4 * 4, 64), nn.ReLU(), nn.Linear(64, 10),
    )


def read(folder):
    images = torch.from_numpy(numpy.fromfile(f"{folder}/images", dtype=numpy.float32)).reshape(-1, 1, 8, 8)
    labels = torch.from_numpy(numpy.fromfile(f"{folder}/labels", dtype=numpy.uint8)).long()
    return images, labels
