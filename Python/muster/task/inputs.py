"""What a join is given: the flow as every task before it left it."""

from ..names import hint


class Inputs:
    """The inputs of a join, in branch, foreach or node order; those of branches by the names of their steps too."""

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
