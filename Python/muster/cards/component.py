"""The base classes of components of cards: Muster's own, and those that flows and other packages derive."""


class MetaflowCardComponent:
    """A piece of a card. A subclass defines `render`, which returns HTML, or a dict as Metaflow's components do."""

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
    """One of Muster's own. A subclass defines `html`, and `type` and `fields` for Metaflow's viewer."""

    type = None

    def fields(self):
        return {}

    def render(self):
        """Returns a dict with Metaflow's fields, and the HTML that Muster's cards show."""
        own = {} if self.component_id is None else {"id": self.component_id}
        return {"type": self.type, **own, **self.fields(), "html": self.html()}
