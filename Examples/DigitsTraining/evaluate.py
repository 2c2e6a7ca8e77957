"""Measures how many images the trained model reads right."""

import sys

import numpy
import torch

import model

folder = sys.argv[1]
images, labels = model.read(folder)
network = model.build()
network.load_state_dict(torch.load(f"{folder}/weights", weights_only=True))
with torch.no_grad():
    right = (network(images).argmax(dim=1) == labels).sum().item()
print(f"{right} of {len(labels)} right")
numpy.array([right / len(labels)], dtype=numpy.float64).tofile(f"{folder}/accuracy")
