"""The argument `inputs` of a join."""

from ..names import hint


class Inputs:
    """The flow objects of a join's inputs, in the order of branches, elements or nodes; `inputs.STEP` is that of a
    branch.
    """

    def __init__(self, flows):
        self._flows = flows

    def __iter__(self):
        return iter(self._flows)

    def __len__(self):
        return len(self._flows)

    def __getitem__(self, index):
        return self._flows[index]

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        for flow in self._flows:
            if flow._state.origin == name:
                return flow
        names = sorted({flow._state.origin for flow in self._flows})
        raise AttributeError(f"no input comes from a step '{name}'{hint(name, names)}; there are {', '.join(names)}")
