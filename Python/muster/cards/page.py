"""The page of a task: the components of its step, and the facts that Muster adds."""

import time
import traceback
from html import escape

from .components import Error, shown
from .drawing import graph
from .rendering import html_of

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #222; background: #fff }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2rem; border-bottom: 1px solid #ddd }
table { border-collapse: collapse; margin: .5rem 0 } td, th { border: 1px solid #ddd; padding: .2rem .6rem; text-align: left; vertical-align: top }
pre { background: #f6f6f6; padding: .5rem; overflow-x: auto; white-space: pre-wrap; margin: .2rem 0 } figure { margin: 1rem 0 } img { max-width: 100% }
.running { color: #4c78a8 } .box { border: 1px solid #ddd; padding: .5rem 1rem; display: inline-block } .box b { font-size: 1.6rem; display: block }
.error { border-left: 4px solid #c33; padding-left: .8rem } svg { max-width: 100%; font: 12px system-ui, sans-serif }
svg .axis { stroke: #888; fill: none } svg .grid { stroke: #eee; fill: none } svg .edge { stroke: #888; fill: none }
svg .node { fill: #eef3fa; stroke: #4c78a8 } svg .here { fill: #4c78a8; stroke: #4c78a8 } svg .here-text { fill: #fff }
"""


def page(task, components, plain, error=None, renewal=None):
    """Returns one HTML file.

    plain: True for the components alone. error: the step's failure. renewal: seconds after which a browser is to load
    the page of a running step again.
    """
    current = task.current
    parts = [Error(error, "The step has failed").html()] if error else []
    parts += [_shown(each) for each in components]
    if not plain:
        parts += [
            f"<h2>Task</h2>{_table(_facts(task))}",
            _section("Parameters", _parameters(task)),
            _section("Artifacts", _artifacts(task)),
            f"<h2>Graph</h2>{graph(task.flow_class, task.step)}",
        ]
    note = ""
    if renewal:
        note = f'<p class="running">The step runs; this is how far it was at {time.strftime("%H:%M:%S")}.</p>\n'
    text = document(current.pathspec, parts, note)
    return renewed(text, renewal) if renewal else text


def document(title, parts, note=""):
    """Returns a page with these pieces of HTML. title: a text, which is escaped."""
    title = escape(title)
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>{STYLE}</style></head>\n'
        f"<body><h1>{title}</h1>\n{note}" + "\n".join(parts) + "\n</body></html>\n")


def renewed(text, seconds):
    """Returns the page with a header by which browsers load it again after so many seconds."""
    return text.replace("<head>", f'<head><meta http-equiv="refresh" content="{float(seconds):g}">', 1)


def _shown(component):
    """Returns a component's HTML, or an error's if it cannot render itself."""
    try:
        return html_of(component)
    except Exception:
        return Error(traceback.format_exc(), f"{type(component).__name__} could not be shown").html()


def _facts(task):
    current = task.current
    facts = {
        "Began": time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(task.began)),
        "Took": f"{time.time() - task.began:.3f} s",
        "Attempt": current.retry_count,
        "User": current.username,
    }
    if current.tags:
        facts["Tags"] = ", ".join(sorted(current.tags))
    if task.is_gang:
        facts["Node"] = f"{current.parallel.node_index} of {current.parallel.num_nodes}"
    elif task.frames:
        facts["Foreach"] = " / ".join(f"{index + 1} of {count}" for index, count, _ in task.foreach_stack)
    return [[name, str(value)] for name, value in facts.items()]


def _parameters(task):
    from ..flow.members import parameters
    return [[name, shown(getattr(task.flow, name), 500)] for name in parameters(task.flow_class)]


def _artifacts(task):
    """Returns rows for the step's own artifacts with their values, and for unread ones of earlier steps with their
    sizes.
    """
    rows = [
        [name, type(value).__name__, shown(value, 500)]
        for name, value in sorted(task.flow.__dict__.items()) if not name.startswith("_")]
    rows += [
        [name, "", f"{reference['size']} bytes, from before"]
        for name, reference in sorted(task.flow._state.references.items())
        if not name.startswith("_") and name not in task.flow.__dict__]
    return rows


def _section(title, rows):
    return f"<h2>{title}</h2>{_table(rows)}" if rows else ""


def _table(rows):
    return "<table>" + "".join("<tr>" + "".join(f"<td>{escape(str(each))}</td>" for each in row) + "</tr>" for row in rows) + "</table>"
