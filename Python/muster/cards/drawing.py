"""Draws a flow's graph as SVG. A step's level is the length of its longest path from the start."""

from html import escape

from ..flow.graph import read
from ..flow.step_source import targets_of
from ..flow.steps import start_and_end, step_functions

BOX, GAP, LINE = 120, 30, 64


def graph(flow, here):
    """Returns the graph with the step `here` marked."""
    following = {source.name: list(dict.fromkeys(name for edge in source.edges for name in targets_of(edge))) for source in read(flow)}
    first, _ = start_and_end(step_functions(flow))
    levels = _levels(following, first)
    rows = [[name for name in following if levels[name] == level] for level in range(max(levels.values()) + 1)]
    width = max(len(row) for row in rows) * (BOX + GAP) + GAP
    places = {
        name: (width / 2 + (column - (len(row) - 1) / 2) * (BOX + GAP), level * LINE + 24)
        for level, row in enumerate(rows) for column, name in enumerate(row)}
    edges = "".join(_edge(places[name], places[after]) for name, targets in following.items() for after in targets if after in places)
    nodes = "".join(_node(name, place, name == here) for name, place in places.items())
    return f'<svg viewBox="0 0 {width} {len(rows) * LINE}" style="max-height: {len(rows) * LINE}px" role="img">{edges}{nodes}</svg>'


def _levels(following, first):
    """Leaves out edges that lead back: a loop has no longest path."""
    levels = {name: 0 for name in following}

    def visit(name, path):
        for after in following.get(name, []):
            if after in levels and after not in path and levels[after] <= levels[name]:
                levels[after] = levels[name] + 1
                visit(after, path | {after})

    visit(first, {first})
    return levels


def _edge(start, end):
    (left, top), (right, bottom) = start, end
    if bottom <= top:
        return f'<path class="edge" stroke-dasharray="4" d="M{left} {top}C{left + BOX} {top - 20} {right + BOX} {bottom + 20} {right} {bottom}"/>'
    return f'<path class="edge" d="M{left} {top + 14}L{right} {bottom - 14}"/>'


def _node(name, place, is_here):
    left, top = place
    mark = "here" if is_here else "node"
    return (f'<rect class="{mark}" x="{left - BOX / 2}" y="{top - 14}" width="{BOX}" height="28" rx="6"/>'
            f'<text class="{mark}-text" x="{left}" y="{top + 4}" text-anchor="middle">{escape(name[:18])}</text>')
