from metaflow import FlowSpec, card, current, step


class PagedFlow(FlowSpec):
    """Cards of the package metaflow-card-html: of an artifact, of the value that the step has set last, and of nothing."""

    @card(type="html", id="artifact", options={"attribute": "page"})
    @card(type="html", id="given")
    @card(type="html", id="nothing")
    @step
    def start(self):
        self.page = "<h1>41</h1>"
        current.card["given"].refresh({"html": "<p>given</p>"})
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    PagedFlow()
