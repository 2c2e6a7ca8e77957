"""Leaves markup wherever a flow can leave text."""

from metaflow import FlowSpec, card, step
from metaflow.cards import MetaflowCard

SCRIPT = "<script>window.pwned = 1; document.title = 'pwned'</script>"
IMAGE = "<img src=x onerror=\"window.pwned = 1; document.title = 'pwned'\">"


class HostileCard(MetaflowCard):
    type = "hostile"

    def render(self, task):
        return f"""<html><body><p id="own">the card's own text</p>{IMAGE}<script>
            try {{ parent.pwned = 1; parent.document.title = 'pwned' }} catch (error) {{}}
            try {{ top.location = 'about:blank' }} catch (error) {{}}
            fetch('/api/store').then(() => {{ parent.postMessage('reached', '*') }}).catch(() => {{}})
            document.getElementById('own').textContent = 'the card ran its script'
        </script></body></html>"""


class HostileFlow(FlowSpec):
    @card(type="hostile")
    @step
    def start(self):
        print(SCRIPT)
        print(IMAGE)
        print("\x1b]0;title\x07\x1b[31mred\x1b[0m \x1b[2Jand plain")
        print("\r".join(f"{percent} %" for percent in range(0, 101, 10)))
        self.text = SCRIPT
        setattr(self, IMAGE, 1)
        self.next(self.end)

    @step
    def end(self):
        raise ValueError(SCRIPT)


if __name__ == "__main__":
    HostileFlow()
