"""The base of components of cards: of Muster's own, and of those that flows and other packages derive."""

import json
from html import escape


class MetaflowCardComponent:
    """A piece of a card. A subclass has `render`, which gives HTML, or a dict as Metaflow's components do."""

    REALTIME_UPDATABLE = False
    _component_id = None

    @property
    def component_id(self):
        return self._component_id

    @component_id.setter
    def component_id(self, value):
        if not isinstance(value, str):
            raise TypeError(f"a component's id is a text, not {value!r}")
        self._component_id = value

    def update(self, *args, **kwargs):
        raise NotImplementedError()

    def render(self):
        raise NotImplementedError()


class Component(MetaflowCardComponent):
    """One of Muster's own. A subclass has `html` and the fields by which Metaflow's viewer knows it."""

    type = None

    def fields(self):
        return {}

    def render(self):
        """A dict with Metaflow's fields, and the HTML that cards here show."""
        own = {} if self.component_id is None else {"id": self.component_id}
        return {"type": self.type, **own, **self.fields(), "html": self.html()}


def rendered(component):
    """A component as the class of a card takes it; any other value becomes an artifact."""
    if hasattr(component, "render"):
        return component.render()
    from .components import Artifact
    return Artifact(component).render()


def html_of_rendered(value):
    """The HTML of what `render` gave: HTML itself, a dict with it, or a dict as Metaflow's viewer reads it."""
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        return "".join(map(html_of_rendered, value)) if isinstance(value, (list, tuple)) else escape(str(value))
    if "html" in value:
        return value["html"]
    shape = _SHAPES.get(value.get("type"))
    return shape(value) if shape else f"<pre>{escape(json.dumps(value, indent=1, default=str))}</pre>"


def _markdown(value):
    from .markdown import render
    return f'<div class="markdown">{render(value.get("source") or "")}</div>'


def _table(value):
    def row(cells, mark):
        inner = "".join(
            f"<{mark}>{html_of_rendered(each) if isinstance(each, dict) else escape(str(each))}</{mark}>" for each in cells)
        return f"<tr>{inner}</tr>"
    head = row(value["columns"], "th") if value.get("columns") else ""
    return f"<table>{head}{''.join(row(each, 'td') for each in value.get('data') or [])}</table>"


def _image(value):
    label = f"<figcaption>{escape(str(value['label']))}</figcaption>" if value.get("label") else ""
    return f'<figure><img alt="" src="{escape(str(value.get("src")), quote=True)}">{label}</figure>'


def _text(value):
    return f"<pre>{escape(str(value.get('data', value.get('text', ''))))}</pre>"


def _group(value):
    title = f"<h2>{escape(str(value['title']))}</h2>" if value.get("title") else ""
    subtitle = f"<p>{escape(str(value['subtitle']))}</p>" if value.get("subtitle") else ""
    return title + subtitle + html_of_rendered(value.get("contents") or [])


def _chart(value):
    from .components import VegaChart
    return VegaChart(value.get("spec") or {}).html()


_SHAPES = {
    "markdown": _markdown, "table": _table, "image": _image, "text": _text, "log": _text, "pythonCode": _text,
    "title": lambda value: f"<h2>{escape(str(value.get('text', '')))}</h2>", "heading": _group, "section": _group,
    "page": _group, "vegaChart": _chart,
}
