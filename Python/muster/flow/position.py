"""The position of a flow object in the graph and in foreach steps, for `_current_step`, `_foreach_stack` and joins."""

from collections import namedtuple

from .dag import description, of

ForeachFrame = namedtuple("ForeachFrame", ["step", "var", "num_splits", "index", "value"])

# Characters of an element's text in a frame.
LONGEST_VALUE = 30
# Metaflow's name for the iterator over a gang's nodes.
NODES = "_parallel_ubf_iter"


def answer(flow, name):
    """Returns the value of one of Metaflow's attributes for the position in the graph."""
    if name == "_graph":
        return of(type(flow))
    if name == "_graph_info":
        return description(type(flow))
    if name == "_current_step":
        return flow._state.task.step if flow._state.task else flow._state.origin
    return _frames(flow)


def described(flow):
    """Returns the task in one line: `<flow Training step train[1,0] (input: b)>`."""
    indices = ",".join(str(index) for index, *_ in flow.foreach_stack())
    place = f"step {flow._current_step}" + (f"[{indices}]" if indices else "")
    element = str(flow.input) if indices and flow.input is not None else None
    input_text = "" if element is None else f" (input: {element if len(element) <= 20 else element[:20] + '...'})"
    return f"<flow {flow.name} {place}{input_text}>"


def _frames(flow):
    """Returns the frames of the enclosing foreach steps, outermost first."""
    whole, name = of(type(flow)), flow._current_step
    opened = [whole[each] for each in whole[name].split_parents if whole[each].type == "foreach"]
    return [
        ForeachFrame(node.out_funcs[0], NODES if node.parallel_foreach else node.foreach_param, count, index, _text(element))
        for node, (index, count, element) in zip(opened, flow.foreach_stack())]


def _text(element):
    if isinstance(element, (str, int, float)):
        return str(element)[:LONGEST_VALUE]
    import reprlib
    return reprlib.Repr().repr(element)[:LONGEST_VALUE]


class InputPosition:
    """The position of the task that an input of a join comes from, derived from the join's inputs and the graph."""

    def __init__(self, flow):
        state = flow._state
        self._flow, self._reader = flow, state.reader
        whole = of(type(flow))
        # The step that began the fan-out which the join ends.
        self._opening = whole[whole[self._reader.step].split_parents[-1]]
        self._position = next(place for place, each in enumerate(state.beside) if each is flow)
        self._count = len(state.beside)

    @property
    def index(self):
        return self._position if self._opening.type == "foreach" else self._reader.index

    @property
    def input(self):
        if self._opening.type != "foreach":
            return self._reader.input
        if self._opening.parallel_foreach:
            return self._position
        from itertools import islice
        return next(islice(getattr(self._flow, self._opening.foreach_param), self._position, None))

    @property
    def foreach_stack(self):
        outer = self._reader.foreach_stack
        return outer + [(self.index, self._count, self.input)] if self._opening.type == "foreach" else outer
