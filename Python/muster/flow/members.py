"""The parameters and configs of a flow's class, by the attributes that hold them."""

from .configs import Config
from .parameters import Parameter


def parameters(flow):
    """Returns the parameters of a flow, those of its bases first."""
    return _members(flow, Parameter)


def configs(flow):
    """Returns the configs of a flow, those of its bases first."""
    return _members(flow, Config)


def _members(flow, kind):
    found = {}
    for base in reversed(flow.__mro__):
        for attribute, value in vars(base).items():
            found.pop(attribute, None)
            if isinstance(value, kind):
                found[attribute] = value
    return found
