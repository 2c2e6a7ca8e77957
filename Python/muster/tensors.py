"""Pickles PyTorch tensors as a dtype, a shape and one buffer. Their own pickle copies the numbers several times."""

import pickle
import sys


def reduce(tensor):
    """Returns the `__reduce__` value of a tensor, or NotImplemented for one that PyTorch has to pickle itself."""
    torch = sys.modules["torch"]
    is_plain = (
        tensor.layout == torch.strided and tensor.device.type == "cpu" and not tensor.is_quantized
        and tensor.is_leaf and not tensor.is_conj() and not tensor.is_neg() and not tensor.__dict__)
    if not is_plain or not tensor.numel():
        return NotImplemented
    try:
        data = tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy()
    except (RuntimeError, TypeError):
        return NotImplemented
    dtype = str(tensor.dtype).split(".", 1)[1]
    return rebuild, (pickle.PickleBuffer(data), dtype, tuple(tensor.shape), tensor.requires_grad)


def rebuild(buffer, dtype, shape, requires_grad):
    import torch
    tensor = torch.frombuffer(buffer, dtype=getattr(torch, dtype)).reshape(shape)
    return tensor.requires_grad_() if requires_grad else tensor
