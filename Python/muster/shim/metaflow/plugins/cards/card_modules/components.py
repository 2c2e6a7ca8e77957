"""The components of cards."""

from muster.cards import (  # noqa: F401
    Artifact, Error, EventsTimeline, Image, JSONViewer, Markdown, MetaflowCardComponent, ProgressBar, PythonCode, Table,
    ValueBox, VegaChart, YAMLViewer)
from muster.cards.component import Component as UserComponent  # noqa: F401
