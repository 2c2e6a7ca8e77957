import unittest

from support import Workshop, flow
from muster.cards import Artifact, Image, Markdown, ProgressBar, Table, VegaChart
from muster.cards.markdown import render

BODY = """
    @card
    @card(id='second', type='blank')
    @step
    def start(self):
        from metaflow.cards import Markdown
        self.x = '<b>'
        current.card.append(Markdown('# First'))
        current.card['second'].append({'shown': 1})
        self.next(self.end)
    """


class CardTests(unittest.TestCase):
    def test_a_page_shows_what_the_step_put_on_it_and_the_task_itself(self):
        with Workshop(flow("alpha = Parameter('alpha', default=2)\n" + BODY.replace("\n    ", "\n"))) as workshop:
            outcome = workshop.step("start", parameters={"alpha": 2})
            self.assertEqual(outcome.code, 0, outcome.errors)
            pages = {}
            for name in ("_card_0_default", "_card_1_blank_second"):
                self.assertEqual(outcome.references[name]["encoding"], "data")
                with open(workshop.agent.files[outcome.references[name]["digest"]]) as file:
                    pages[name] = file.read()
            end = workshop.step("end", [outcome])
        first, second = pages.values()
        for part in ("<h1>First</h1>", "TestFlow/7/start/1", "&#x27;&lt;b&gt;&#x27;", "alpha", "<svg"):
            self.assertIn(part, first)
        self.assertIn("{&#x27;shown&#x27;: 1}", second)
        self.assertNotIn("<h2>", second)
        self.assertFalse([name for name in end.references if name.startswith("_card")])

    def test_no_component_needs_anything_from_elsewhere_or_lets_text_be_markup(self):
        chart = {"mark": "line", "data": {"values": [{"a": 1, "b": 2}, {"a": 2, "b": "<"}]}, "encoding": {"x": {"field": "a"}, "y": {"field": "b"}}}
        components = [
            Markdown("<script>x</script> `<y>`"), Table([["<i>"]], headers=["<h>"]), Artifact("<z>", name="<n>"),
            ProgressBar(max=2, value=1, label="<l>", unit="<u>"), VegaChart(chart), Image(b"\x89PNG....", "<label>"), Image(b"<svg/>"),
        ]
        for component in components:
            html = component.html()
            for text in ("<script", "<y>", "<i>x", "<h>", "<z>", "<n>", "<l>", "<u>", "<label>", "http"):
                self.assertNotIn(text, html)
        self.assertIn("data:image/png;base64,", components[5].html())

    def test_markdown_becomes_html(self):
        cases = {
            "# A *b*": "<h1>A <i>b</i></h1>", "a **b** `c*d*`": "<p>a <b>b</b> <code>c*d*</code></p>",
            "- a\n- b": "<ul><li>a</li><li>b</li></ul>", "1. a\n2. b": "<ol><li>a</li><li>b</li></ol>",
            "```\na < b\n```": "<pre>a &lt; b</pre>", "> a": "<blockquote><p>a</p></blockquote>", "---": "<hr>",
            "[a](https://b.c) [d](javascript:e)": '<p><a href="https://b.c">a</a> [d](javascript:e)</p>',
            "a_b_c 2*3*4": "<p>a_b_c 2*3*4</p>", "   indented\n   # Title": "<p>indented</p>\n<h1>Title</h1>",
        }
        for text, expected in cases.items():
            self.assertEqual(render(text), expected)

    def test_charts_of_plain_kinds_are_drawn_and_others_shown_as_text(self):
        def chart(mark, values, **encoding):
            return VegaChart({"mark": mark, "data": {"values": values}, "encoding": {"x": {"field": "a"}, "y": {"field": "b"}, **encoding}}).html()

        values = [{"a": 1, "b": 2, "c": "u"}, {"a": 2, "b": -4, "c": "v"}]
        self.assertEqual(chart("bar", values).count("<rect"), 2)
        self.assertEqual(chart({"type": "point"}, values).count("<circle"), 2)
        self.assertEqual(chart("line", values, color={"field": "c"}).count('stroke-width="2"'), 2)
        for html in (chart("geoshape", values), chart("bar", []), VegaChart({"layer": []}).html()):
            self.assertNotIn("<svg", html)
            self.assertIn("<pre>", html)
        with self.assertRaises(TypeError):
            VegaChart("not a dict")

    def test_a_value_whose_repr_fails_is_shown_as_that(self):
        class Broken:
            def __repr__(self):
                raise ValueError("no")

        self.assertIn("its repr fails: ValueError: no", Artifact(Broken()).html())
        self.assertIn("… (5002 characters)", Artifact("x" * 5000).html())


if __name__ == "__main__":
    unittest.main()
