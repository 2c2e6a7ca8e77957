"""Renders components of all classes, and the dicts that foreign components return, as HTML."""

import json
from html import escape

from .component import MetaflowCardComponent
from .components import Artifact, Markdown, VegaChart


def html_of(component):
    """Returns a component's HTML. Any other value is shown as an artifact."""
    if hasattr(component, "html"):
        return component.html()
    if isinstance(component, MetaflowCardComponent):
        return html_of_rendered(component.render())
    return Artifact(component).html()


def rendered(component):
    """Returns a component as the classes of cards take it. Any other value is rendered as an artifact."""
    if hasattr(component, "render"):
        return component.render()
    return Artifact(component).render()


def html_of_rendered(value):
    """Returns the HTML of a value that `render` returned: HTML, a dict with the key `html`, or a dict for Metaflow's
    viewer.
    """
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        return "".join(map(html_of_rendered, value)) if isinstance(value, (list, tuple)) else escape(str(value))
    if "html" in value:
        return value["html"]
    shape = _SHAPES.get(value.get("type"))
    return shape(value) if shape else f"<pre>{escape(json.dumps(value, indent=1, default=str))}</pre>"


def _markdown(value):
    return Markdown(value.get("source")).html()


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
    return VegaChart(value.get("spec") or {}).html()


_SHAPES = {
    "markdown": _markdown, "table": _table, "image": _image, "text": _text, "log": _text, "pythonCode": _text,
    "title": lambda value: f"<h2>{escape(str(value.get('text', '')))}</h2>", "heading": _group, "section": _group,
    "page": _group, "vegaChart": _chart,
}
