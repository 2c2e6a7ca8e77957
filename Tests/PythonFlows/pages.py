"""Prints the cards of the first step of a flow's newest run, read with Metaflow's client or Muster's."""

import json
import sys

from metaflow import Flow, namespace
from metaflow.cards import get_cards

namespace(None)
task = Flow(sys.argv[1]).latest_run["start"].task
print(json.dumps({card.id: [card.type, card.get()] for card in get_cards(task)}, indent=1, sort_keys=True))
