"""Components for events, JSON and YAML."""

import json
import time
from html import escape

from .component import Component
from .components import shown
from .rendering import html_of


class EventsTimeline(Component):
    """Events, newest first. Each is a dict, and may have components."""

    type = "eventsTimeline"
    REALTIME_UPDATABLE = True
    VALID_THEMES = {
        "default", "success", "warning", "error", "info", "primary", "secondary", "tool_call", "ai_response"}

    def __init__(self, title=None, max_events=100):
        self.title, self.max_events = title, max_events
        # The newest last: (Unix seconds, data, theme, priority, components by name).
        self.events = []
        self.total, self.first, self.finished = 0, None, False

    def update(self, event_data, style_theme=None, priority=None, payloads=None, finished=None):
        """Adds an event. Drops the oldest one beyond `max_events`."""
        if not isinstance(event_data, dict):
            raise TypeError(f"an event is a dict, not {type(event_data).__name__}")
        now = time.time()
        self.first = self.first or now
        self.total += 1
        theme = style_theme if style_theme in self.VALID_THEMES else "default"
        self.events = [*self.events, (now, dict(event_data), theme, priority, dict(payloads or {}))][-self.max_events:]
        self.finished = self.finished if finished is None else finished

    def get_stats(self):
        last = self.events[-1][0] if self.events else None
        return {"total_events": self.total, "displayed_events": len(self.events), "first_event": self.first,
                "last_update": last, "finished": self.finished}

    def fields(self):
        events = [
            {"event_id": str(place), "received_at": moment, "metadata": data, "style_theme": theme, "priority": priority}
            for place, (moment, data, theme, priority, _) in enumerate(reversed(self.events))]
        return {"title": self.title, "events": events, "stats": self.get_stats()}

    def html(self):
        title = f"<h3>{escape(self.title)}</h3>" if self.title else ""
        rows = "".join(self._row(*each) for each in reversed(self.events))
        left = f"<p>{len(self.events)} of {self.total} events</p>" if self.total > len(self.events) else ""
        return f'<div class="events">{title}<table>{rows}</table>{left}</div>'

    @staticmethod
    def _row(moment, data, theme, priority, payloads):
        words = ", ".join(f"<b>{escape(str(name))}</b> {escape(str(value))}" for name, value in data.items())
        more = "".join(f"<div><i>{escape(str(name))}</i> {html_of(each)}</div>" for name, each in payloads.items())
        label = f"{theme} {priority}" if priority else theme
        clock = time.strftime("%H:%M:%S", time.localtime(moment))
        return f'<tr class="{escape(label, quote=True)}"><td>{clock}</td><td>{words}{more}</td></tr>'


class _Viewer(Component):
    """A value as text in some notation."""

    REALTIME_UPDATABLE = True
    notation = ""

    def __init__(self, data, collapsible=True, max_height=None, show_copy_button=True, title=None):
        self.data, self.collapsible, self.max_height = data, collapsible, max_height
        self.show_copy_button, self.title = show_copy_button, title or self.notation

    def update(self, data):
        self.data = data

    def html(self):
        style = f' style="max-height: {escape(self.max_height, quote=True)}; overflow: auto"' if self.max_height else ""
        text = f"<pre{style}>{escape(self.text())}</pre>"
        if not self.collapsible:
            return f"<div><b>{escape(self.title)}</b>{text}</div>"
        return f"<details open><summary>{escape(self.title)}</summary>{text}</details>"


class JSONViewer(_Viewer):
    """A value as JSON, or a text that is JSON already."""

    type, notation = "jsonViewer", "JSON"

    def text(self):
        try:
            value = json.loads(self.data) if isinstance(self.data, str) else self.data
            return json.dumps(value, indent=2, ensure_ascii=False, default=str)
        except (TypeError, ValueError):
            return shown(self.data, 20_000)

    def fields(self):
        return {"json_string": self.text(), "title": self.title}


class YAMLViewer(_Viewer):
    """A value as YAML if PyYAML is installed, otherwise as JSON, which is YAML too."""

    type, notation = "yamlViewer", "YAML"

    def text(self):
        if isinstance(self.data, str):
            return self.data
        try:
            import yaml
            return yaml.safe_dump(self.data, sort_keys=False, allow_unicode=True)
        except Exception:
            return JSONViewer(self.data).text()

    def fields(self):
        return {"yaml_string": self.text(), "title": self.title}
