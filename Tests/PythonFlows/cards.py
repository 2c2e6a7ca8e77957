import os
import time

from metaflow import FlowSpec, Parameter, card, current, step
from metaflow.cards import Markdown, MetaflowCard


class OwnCard(MetaflowCard):
    """Shows the task's state in the client while the step runs."""

    type = "own_kind"

    def render(self, task):
        before, = task.parent_tasks
        told = [task.pathspec == current.pathspec, before.parent.id, before.successful, task.parent.parent.finished,
                task.metadata_dict["attempt"], task.data.seen, "gate" in task, "user" in dict(tag.split(":") for tag in task.tags)]
        return f"<p>told: {told}</p>"


class CardFlow(FlowSpec):
    gate = Parameter("gate", help="The step goes on when this file is there.", required=True)

    @card
    @step
    def start(self):
        current.card.append(Markdown("half *way*"))
        current.card.refresh()
        print("waiting", flush=True)
        while not os.path.exists(self.gate):
            time.sleep(0.02)
        current.card.append(Markdown("the rest"))
        self.next(self.middle)

    @card(type="blank", id="why")
    @step
    def middle(self):
        current.card["why"].append(Markdown("so far"))
        if os.path.getsize(self.gate) == 0:
            raise ValueError("no luck")
        self.next(self.after)

    @card(type="own_kind")
    @step
    def after(self):
        self.seen = 41
        self.next(self.end)

    @step
    def end(self):
        from metaflow import Task
        from metaflow.cards import get_cards
        cards = get_cards(Task(f"{current.flow_name}/{current.run_id}/start/1"))
        own, = get_cards(current.run["after"].task, type="own_kind")
        print(own.get())
        print("cards:", [each.type for each in cards], "the rest" in cards[0].html)


if __name__ == "__main__":
    CardFlow()
