"""Classes of cards with Metaflow's interface: the base for other packages, and Muster's own types."""

from html import escape

from .component import Component
from .components import Error, Table, shown
from .page import document
from .rendering import html_of_rendered


class MetaflowCard:
    """A type of card: `@card(type=T)` has the class with this `type` render the page of a task.

    options: the decorator's. components: the values that their `render` returned. graph: the flow's steps by name.
    flow: the task's flow object.
    """

    RELOAD_POLICY_NEVER = "never"
    RELOAD_POLICY_ALWAYS = "always"
    RELOAD_POLICY_ONCHANGE = "onchange"
    # A placeholder in a page for the token by which Metaflow's viewer sees that it has changed.
    RELOAD_POLICY_TOKEN = "[METAFLOW_RELOAD_TOKEN]"

    type = None
    # True if steps can add components, and if there is a page while the step runs.
    ALLOW_USER_COMPONENTS = False
    RUNTIME_UPDATABLE = False
    RELOAD_POLICY = RELOAD_POLICY_NEVER
    scope = "task"
    # The last argument of `current.card.refresh(data)`, as `{"user": data, …}`.
    runtime_data = None

    def __init__(self, options={}, components=[], graph=None, flow=None):
        pass

    def render(self, task):
        """Returns the page of a task that is over, as HTML."""
        raise NotImplementedError()

    def render_runtime(self, task, data):
        """Returns the page of a running task."""
        raise NotImplementedError()

    def refresh(self, task, data):
        """Returns values for a page in Metaflow's viewer. Never called: there is no such viewer here."""
        raise NotImplementedError()

    def reload_content_token(self, task, data):
        return "content-token"


class _OwnCard(MetaflowCard):
    ALLOW_USER_COMPONENTS = True
    RUNTIME_UPDATABLE = True
    RELOAD_POLICY = MetaflowCard.RELOAD_POLICY_ONCHANGE

    def _parts(self, task):
        return [html_of_rendered(each) for each in self._components]

    def render(self, task, runtime=False):
        return document(self._title(task), self._parts(task))

    def _title(self, task):
        return task.pathspec

    def render_runtime(self, task, data):
        return self.render(task, runtime=True)


class BlankCard(_OwnCard):
    """A page with the step's components alone."""

    type = "blank"

    def __init__(self, options={"title": ""}, components=[], graph=None, **kwargs):
        self._given_title = (options or {}).get("title") or ""
        self._components = components

    def _title(self, task):
        return self._given_title or task.pathspec

    def render(self, task, components=[], runtime=False):
        self._components = components or self._components
        return super().render(task, runtime)


class DefaultCard(_OwnCard):
    """A page with the step's components and artifacts."""

    type = "default"

    def __init__(self, options={"only_repr": True}, components=[], graph=None, graph_info=None, flow=None, **kwargs):
        self._components = components

    def _parts(self, task):
        rows = [[each.id, type(each.data).__name__, shown(each.data, 500)] for each in task]
        return [*super()._parts(task), f"<h2>Artifacts</h2>{Table(rows).html()}" if rows else ""]


class ErrorCard(MetaflowCard):
    """Replaces a card that could not be rendered."""

    type = "error"
    RELOAD_POLICY = MetaflowCard.RELOAD_POLICY_ONCHANGE

    def __init__(self, options={}, components=[], graph=None, graph_info=None, **kwargs):
        pass

    def reload_content_token(self, task, data):
        return "final"

    def render(self, task, stack_trace=None):
        return document(task.pathspec, ["<h2>Error Card</h2>", Error(stack_trace, "Card Render Failed With Error").html()])


class PageComponent(Component):
    """Several components under one title."""

    type = "page"

    def __init__(self, title=None, subtitle=None, contents=[]):
        self.title, self.subtitle, self.contents = title, subtitle, contents

    def fields(self):
        return {"title": self.title, "subtitle": self.subtitle, "contents": self._rendered()}

    def _rendered(self):
        return [each.render() if hasattr(each, "render") else each for each in self.contents]

    def html(self):
        title = f"<h2>{escape(str(self.title))}</h2>" if self.title else ""
        subtitle = f"<p>{escape(str(self.subtitle))}</p>" if self.subtitle else ""
        return title + subtitle + "".join(html_of_rendered(each) for each in self._rendered())
