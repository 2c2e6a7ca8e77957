"""Draws simple Vega-Lite charts as SVG, so that a page needs no library from a network.

It draws the marks bar, line, area, point, circle, square and tick with `x` and `y` as fields of values in the chart
itself, and `color` as a field of few values. All other charts are shown as text.
"""

from html import escape

WIDTH, HEIGHT = 480, 240
LEFT, BOTTOM, TOP = 60, 40, 20
COLOURS = ["#4c78a8", "#f58518", "#54a24b", "#e45756", "#72b7b2", "#b279a2", "#9d755d", "#bab0ac"]


def draw(spec):
    """Returns an SVG drawing, or None for a chart that is not drawn here."""
    try:
        mark = spec.get("mark")
        mark = mark.get("type") if isinstance(mark, dict) else mark
        rows = spec["data"]["values"]
        encoding = spec["encoding"]
        x, y = (_Axis(encoding[name], rows) for name in "xy")
        if mark not in ("bar", "line", "area", "point", "circle", "square", "tick") or not rows or y.is_discrete:
            return None
        colour = encoding.get("color", {}).get("field")
        groups = list(dict.fromkeys(row.get(colour) for row in rows)) if colour else [None]
        marks = "".join(
            _marks(mark, [row for row in rows if not colour or row.get(colour) == group], x, y, COLOURS[place % len(COLOURS)])
            for place, group in enumerate(groups))
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    title = spec.get("title")
    title = title.get("text") if isinstance(title, dict) else title
    legend = "".join(
        f'<text x="{LEFT + WIDTH + 12}" y="{TOP + 14 + 16 * place}" fill="{COLOURS[place % len(COLOURS)]}">{escape(str(group))}</text>'
        for place, group in enumerate(groups) if colour)
    return (
        f'<svg viewBox="0 0 {LEFT + WIDTH + (120 if colour else 20)} {TOP + HEIGHT + BOTTOM}" role="img">'
        f'<text x="{LEFT}" y="12" font-weight="bold">{escape(str(title or ""))}</text>'
        f"{x.horizontal()}{y.vertical()}{marks}{legend}</svg>")


class _Axis:
    """The values of one field along one axis."""

    def __init__(self, encoding, rows):
        self.field = encoding["field"]
        self.title = encoding.get("title") or self.field
        values = [row[self.field] for row in rows]
        self.is_discrete = encoding.get("type") in ("nominal", "ordinal") or any(not _is_number(each) for each in values)
        if self.is_discrete:
            self.values = list(dict.fromkeys(values))
        else:
            self.low, self.high = min([*values, 0]), max([*values, 0])
            if encoding.get("scale", {}).get("zero") is False:
                self.low, self.high = min(values), max(values)
            if self.low == self.high:
                self.high = self.low + 1

    def place(self, value):
        """Returns the value's position between 0 and 1."""
        if self.is_discrete:
            return (self.values.index(value) + 0.5) / len(self.values)
        return (value - self.low) / (self.high - self.low)

    def ticks(self):
        if self.is_discrete:
            step = max(1, len(self.values) // 12)
            return [(self.place(each), str(each)) for each in self.values[::step]]
        return [(each / 4, f"{self.low + (self.high - self.low) * each / 4:.4g}") for each in range(5)]

    def horizontal(self):
        bottom = TOP + HEIGHT
        labels = "".join(
            f'<text x="{LEFT + WIDTH * place:.1f}" y="{bottom + 14}" text-anchor="middle">{escape(text)}</text>'
            for place, text in self.ticks())
        return (f'<path d="M{LEFT} {bottom}H{LEFT + WIDTH}" class="axis"/>{labels}'
                f'<text x="{LEFT + WIDTH / 2}" y="{bottom + 32}" text-anchor="middle">{escape(str(self.title))}</text>')

    def vertical(self):
        labels = "".join(
            f'<text x="{LEFT - 6}" y="{TOP + HEIGHT * (1 - place) + 4:.1f}" text-anchor="end">{escape(text)}</text>'
            f'<path d="M{LEFT} {TOP + HEIGHT * (1 - place):.1f}H{LEFT + WIDTH}" class="grid"/>'
            for place, text in self.ticks())
        middle = TOP + HEIGHT / 2
        return labels + (
            f'<text x="12" y="{middle}" text-anchor="middle" transform="rotate(-90 12 {middle})">{escape(str(self.title))}</text>')


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _marks(mark, rows, x, y, colour):
    points = [(LEFT + WIDTH * x.place(row[x.field]), TOP + HEIGHT * (1 - y.place(row[y.field]))) for row in rows]
    ground = TOP + HEIGHT * (1 - (0 if y.low > 0 else y.place(0)))
    if mark == "bar":
        width = WIDTH / max(len(x.values) if x.is_discrete else len(rows), 1) * 0.8
        return "".join(
            f'<rect x="{left - width / 2:.1f}" y="{min(top, ground):.1f}" width="{width:.1f}" height="{abs(ground - top):.1f}" fill="{colour}"/>'
            for left, top in points)
    if mark in ("line", "area"):
        points.sort()
        line = "L".join(f"{left:.1f} {top:.1f}" for left, top in points)
        if mark == "line":
            return f'<path d="M{line}" fill="none" stroke="{colour}" stroke-width="2"/>'
        return f'<path d="M{points[0][0]:.1f} {ground:.1f}L{line}L{points[-1][0]:.1f} {ground:.1f}Z" fill="{colour}" fill-opacity="0.6"/>'
    return "".join(f'<circle cx="{left:.1f}" cy="{top:.1f}" r="3.5" fill="{colour}"/>' for left, top in points)
