"""The components of cards. Each renders itself as HTML that loads nothing from a network."""

import base64
import json
import reprlib
from html import escape

from .component import Component


class Markdown(Component):
    """Text with headings, lists, emphasis, code and links."""

    type = "markdown"
    REALTIME_UPDATABLE = True

    def __init__(self, text=None):
        self.text = text or ""

    def update(self, text=None):
        self.text = text or ""

    def fields(self):
        return {"source": self.text}

    def html(self):
        from .markdown import render
        return f'<div class="markdown">{render(self.text)}</div>'


class Table(Component):
    """Rows of values or of other components."""

    type = "table"
    REALTIME_UPDATABLE = True

    def __init__(self, data=None, headers=None, disable_updates=False):
        self.data = [list(row) for row in data or []]
        self.headers = list(headers or [])

    @classmethod
    def from_dataframe(cls, dataframe=None, truncate=True):
        """Returns the first 500 rows of a data frame, or all of them without `truncate`."""
        rows = dataframe.head(500) if truncate else dataframe
        return cls([[index, *row] for index, row in zip(rows.index.tolist(), rows.values.tolist())], ["", *map(str, rows.columns)])

    def fields(self):
        return {
            "columns": self.headers, "vertical": False,
            "data": [[each.render() if hasattr(each, "render") else each for each in row] for row in self.data]}

    def html(self):
        head = "".join(f"<th>{escape(str(each))}</th>" for each in self.headers)
        rows = "".join("<tr>" + "".join(f"<td>{self._cell(each)}</td>" for each in row) + "</tr>" for row in self.data)
        return f"<table>{f'<tr>{head}</tr>' if head else ''}{rows}</table>"

    @staticmethod
    def _cell(value):
        return value.html() if hasattr(value, "html") else escape(str(value))


class Image(Component):
    """A picture, by its bytes."""

    type = "image"
    REALTIME_UPDATABLE = True

    KINDS = ((b"\x89PNG", "png"), (b"\xff\xd8", "jpeg"), (b"GIF8", "gif"), (b"RIFF", "webp"), (b"<svg", "svg+xml"), (b"<?xml", "svg+xml"))

    def __init__(self, src=None, label=None, disable_updates=True):
        self.src = bytes(src or b"")
        self.label = label

    def update(self, image, label=None):
        """image: bytes, a figure of Matplotlib, or an image of PIL."""
        made = image if isinstance(image, Image) else self._of(image)
        self.src, self.label = made.src, label or self.label

    @classmethod
    def _of(cls, image):
        if isinstance(image, (bytes, bytearray)):
            return cls(image)
        return cls.from_matplotlib(image) if hasattr(image, "savefig") or hasattr(image, "get_figure") else cls.from_pil_image(image)

    @classmethod
    def from_matplotlib(cls, plot, label=None, disable_updates=False):
        import io
        figure = plot.get_figure() if hasattr(plot, "get_figure") else plot
        data = io.BytesIO()
        figure.savefig(data, format="png")
        return cls(data.getvalue(), label)

    @classmethod
    def from_pil_image(cls, pilimage, label=None, disable_updates=False):
        import io
        data = io.BytesIO()
        pilimage.save(data, format="PNG")
        return cls(data.getvalue(), label)

    def fields(self):
        return {"src": self._source(), "label": self.label}

    def _source(self):
        """Returns the bytes as a data URL, or None for a format that browsers do not show."""
        kind = next((kind for start, kind in self.KINDS if self.src.startswith(start)), None)
        return kind and f"data:image/{kind};base64,{base64.b64encode(self.src).decode()}"

    def html(self):
        source = self._source()
        if source is None:
            return Error(f"an image of {len(self.src)} bytes is of no kind that browsers show", "Image").html()
        label = f"<figcaption>{escape(self.label)}</figcaption>" if self.label else ""
        return f'<figure><img alt="" src="{source}">{label}</figure>'


class Artifact(Component):
    """Any value, as its `repr`."""

    type = "artifacts"
    REALTIME_UPDATABLE = True

    LONGEST = 2000

    def __init__(self, artifact, name=None, compressed=True):
        self.artifact = artifact
        self.name = name

    def update(self, artifact):
        self.artifact = artifact

    def fields(self):
        return {"data": [{"name": self.name, "type": type(self.artifact).__name__, "data": shown(self.artifact, self.LONGEST)}]}

    def html(self):
        name = f"<b>{escape(str(self.name))}</b> " if self.name is not None else ""
        kind = type(self.artifact)
        label = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        return f'<div class="artifact">{name}<i>{escape(label)}</i><pre>{escape(shown(self.artifact, self.LONGEST))}</pre></div>'


# Limits, because the `repr` of a large collection takes long.
_REPR = reprlib.Repr()
_REPR.maxlist = _REPR.maxtuple = _REPR.maxdict = _REPR.maxset = _REPR.maxfrozenset = 200
_REPR.maxstring = _REPR.maxlong = _REPR.maxother = 2000
_REPR.maxlevel = 10


def shown(value, longest):
    """Returns a value's `repr`, cut after `longest` characters."""
    try:
        text = _REPR.repr(value) if isinstance(value, (list, tuple, dict, set, frozenset)) else repr(value)
    except Exception as error:
        text = f"its repr fails: {type(error).__name__}: {error}"
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text)} characters)"


class ProgressBar(Component):
    """A bar for the progress of something."""

    type = "progressBar"
    REALTIME_UPDATABLE = True

    def __init__(self, max=100, label=None, value=0, unit=None, metadata=None):
        self.max, self.label, self.value, self.unit, self.metadata = max, label, value, unit, metadata

    def update(self, new_value, metadata=None):
        self.value = new_value
        self.metadata = metadata if metadata is not None else self.metadata

    def fields(self):
        return {"max": self.max, "value": self.value, "label": self.label, "unit": self.unit, "details": self.metadata}

    def html(self):
        unit = f" {escape(self.unit)}" if self.unit else ""
        details = f" · {escape(str(self.metadata))}" if self.metadata is not None else ""
        label = f"{escape(self.label)}: " if self.label else ""
        return (f'<div class="progress"><progress max="{float(self.max)}" value="{float(self.value)}"></progress> '
                f"{label}{self.value}/{self.max}{unit}{details}</div>")


class VegaChart(Component):
    """A chart in Vega-Lite. Bars, lines, areas and points with their own data are drawn."""

    type = "vegaChart"
    REALTIME_UPDATABLE = True

    def __init__(self, spec, show_controls=False):
        if not isinstance(spec, dict):
            raise TypeError(f"a VegaChart takes a dict, not {type(spec).__name__}")
        self.spec = spec

    @classmethod
    def from_altair_chart(cls, altair_chart):
        return cls(altair_chart.to_dict())

    def update(self, spec=None):
        self.spec = self.spec if spec is None else spec

    def fields(self):
        return {"spec": self.spec}

    def html(self):
        from .chart import draw
        drawing = draw(self.spec)
        text = escape(json.dumps(self.spec, indent=1, default=str))
        if drawing is None:
            return f'<details open class="chart"><summary>Vega-Lite chart</summary><pre>{text}</pre></details>'
        return f'<figure class="chart">{drawing}<details><summary>Vega-Lite</summary><pre>{text}</pre></details></figure>'


class ValueBox(Component):
    """One value in large letters."""

    type = "valueBox"
    REALTIME_UPDATABLE = True

    VALID_THEMES = {"default", "success", "warning", "danger", "bg-gradient-indigo-purple"}

    def __init__(self, title=None, value="", subtitle=None, theme=None, change_indicator=None):
        self.title, self.value, self.subtitle = title, value, subtitle
        self.theme, self.change_indicator = theme, change_indicator

    def update(self, title=None, value=None, subtitle=None, theme=None, change_indicator=None):
        given = {"title": title, "value": value, "subtitle": subtitle, "theme": theme, "change_indicator": change_indicator}
        vars(self).update((name, each) for name, each in given.items() if each is not None)

    def fields(self):
        return {"title": self.title, "value": self.value, "subtitle": self.subtitle, "theme": self.theme, "change_indicator": self.change_indicator}

    def html(self):
        title, subtitle, change = (
            f"<span>{escape(str(each))}</span>" if each is not None else ""
            for each in (self.title, self.subtitle, self.change_indicator))
        return f'<div class="box">{title}<b>{escape(str(self.value))}</b>{subtitle} {change}</div>'


class PythonCode(Component):
    """Source code: a text, or that of a function."""

    type = "pythonCode"
    REALTIME_UPDATABLE = True

    def __init__(self, code_func=None, code_string=None):
        import inspect
        import textwrap
        self.code = code_string if code_func is None else textwrap.dedent(inspect.getsource(code_func))

    def update(self, code_func=None, code_string=None):
        self.__init__(code_func, code_string)

    def fields(self):
        return {"data": self.code}

    def html(self):
        return f"<pre><code>{escape(self.code or '')}</code></pre>"


class Error(Component):
    """An error message."""

    type = "log"

    def __init__(self, exception, title=None):
        self.exception, self.title = exception, title

    def fields(self):
        return {"data": f"{self.title}\n\n{self.exception!r}"}

    def html(self):
        return f'<div class="error"><b>{escape(str(self.title or "Error"))}</b><pre>{escape(str(self.exception))}</pre></div>'
