"""Pages of cards whose class belongs to the flow or to another package, made with Metaflow's calls."""

import inspect
import time
import traceback

from ..flow import dag
from .components import Error
from .kinds import ErrorCard
from .live import LiveTask
from .rendering import rendered
from .search import CardClassMissing, card_class


class ForeignPage:
    """The pages of one @card of a task. failure: the reason why the last page shows an error, or None."""

    def __init__(self, task, kind, options):
        self.task, self.kind, self.options = task, kind, options
        self.failure = None
        self._sequence = 0

    @property
    def takes_components(self):
        """True if the card's class shows components of the step."""
        try:
            return card_class(self.kind).ALLOW_USER_COMPONENTS
        except CardClassMissing:
            return False

    def last(self, components, data):
        """Returns the page after the body; an error page if it cannot be rendered."""
        return self._page(components, data, True)

    def running(self, components, data):
        """Returns the page while the body runs, or None if the class makes none."""
        return self._page(components, data, False)

    def _page(self, components, data, is_over):
        task, self.failure = LiveTask(self.task, is_over), None
        state = self._state(data, is_over)
        try:
            kind = card_class(self.kind)
            if not is_over and not kind.RUNTIME_UPDATABLE:
                return None
            card = self._made(kind, components)
            if is_over:
                kind.runtime_data = state
                text = card.render(task)
            else:
                text = card.render_runtime(task, state)
            if isinstance(text, str):
                return text.replace(kind.RELOAD_POLICY_TOKEN, self._token(card, task, state))
            self.failure = f"No information rendered from card of type {self.kind}"
        except NotImplementedError:
            if not is_over:
                return None
            self.failure = traceback.format_exc()
        except CardClassMissing as error:
            if not is_over:
                return None
            self.failure = str(error)
        except Exception:
            self.failure = traceback.format_exc()
        return ErrorCard().render(task, stack_trace=self.failure)

    def error(self, text):
        """Returns the page of a failed step, or of a card that took too long."""
        return ErrorCard().render(LiveTask(self.task, True), stack_trace=text)

    def _made(self, kind, components):
        graph = dag.of(self.task.flow_class)
        steps, _ = graph.output_steps()
        accepted = {"options": self.options, "graph": steps, "flow": self.task.flow,
                    "components": [_rendered(each) for each in components] if kind.ALLOW_USER_COMPONENTS else []}
        if "graph_info" in inspect.signature(kind).parameters:
            accepted["graph_info"] = {"steps": steps, "start_step": graph.start_step, "end_step": graph.end_step}
        return kind(**accepted)

    def _state(self, data, is_over):
        self._sequence += 1
        return {
            "mode": "render" if is_over else "render_runtime", "user": data, "component_update_ts": time.time(),
            "render_seq": "final" if is_over else self._sequence, "components": {}}

    @staticmethod
    def _token(card, task, state):
        if state["render_seq"] == "final":
            return "final"
        policy = card.RELOAD_POLICY
        if policy == card.RELOAD_POLICY_ALWAYS:
            return f"render-seq-{state['render_seq']}"
        return str(card.reload_content_token(task, state)) if policy == card.RELOAD_POLICY_ONCHANGE else "final"


def _rendered(component):
    """Renders a component. One that raises becomes an error component."""
    try:
        return rendered(component)
    except Exception:
        return Error(traceback.format_exc(), f"{type(component).__name__} could not be shown").render()
