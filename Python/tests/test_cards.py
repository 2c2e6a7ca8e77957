import json
import os
import textwrap
import unittest

from support import Workshop, flow
from muster.cards import (
    Artifact, EventsTimeline, Image, JSONViewer, Markdown, ProgressBar, PythonCode, Table, ValueBox, VegaChart, YAMLViewer)
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
            outcome = workshop.step("start", parameters={"alpha": "2"})
            self.assertEqual(outcome.code, 0, outcome.errors)
            pages = dict(workshop.agent.cards)
        self.assertEqual(list(pages), ["0_default", "1_blank_second"])
        first, second = pages.values()
        for part in ("<h1>First</h1>", "TestFlow/7/start/1", "&#x27;&lt;b&gt;&#x27;", "alpha", "<svg"):
            self.assertIn(part, first)
        self.assertIn("{&#x27;shown&#x27;: 1}", second)
        for part in ("<h2>", "The step runs", "http-equiv"):
            self.assertNotIn(part, second)
        self.assertEqual(list(outcome.references), ["x"])

    def step(self, decorators, *lines):
        body = "\n    ".join([f"{decorators}\n@step\ndef start(self):", *lines, "self.next(self.end)"]) + "\n"
        with Workshop(flow(body)) as workshop:
            return workshop.step("start"), workshop.agent.cards

    def test_a_failed_step_leaves_its_card_with_the_failure_and_what_it_had_come_to(self):
        outcome, cards = self.step("@card", "self.x = 41", "current.card.append('so far')", "1/0")
        self.assertEqual(outcome.error, "ZeroDivisionError: division by zero (flow.py:10)")
        (name, page), = cards
        self.assertEqual(name, "0_default")
        for part in ("The step has failed", "ZeroDivisionError: division by zero", "so far", "<td>41</td>"):
            self.assertIn(part, page)
        _, ((_, page),) = self.step("@card", "raise SystemExit('bye')")
        self.assertIn("step start called sys.exit(&#x27;bye&#x27;)", page)
        _, ((_, page),) = self.step("@card(save_errors=False)", "current.card.append('so far')", "1/0")
        self.assertIn("so far", page)
        self.assertNotIn("ZeroDivisionError", page)

    def test_an_artifact_that_cannot_be_pickled_is_on_the_card_too(self):
        _, cards = self.step("@card", "import threading", "self.lock = threading.Lock()")
        self.assertIn("artifact self.lock of step start cannot be pickled", cards[-1][1])

    def test_a_refresh_shows_at_once_what_there_is_and_the_page_renews_itself_until_the_end(self):
        outcome, cards = self.step(
            "@card(refresh_interval=2)", "from metaflow.cards import ProgressBar", "bar = ProgressBar(max=4)",
            "current.card.append(bar, id='bar')", "current.card.refresh()",
            "current.card.components['bar'].update(3)", "current.card.refresh(force=True)")
        self.assertEqual(outcome.code, 0, outcome.errors)
        pages = [page for _, page in cards]
        self.assertEqual(["0/4" in page for page in pages], [True, False, False])
        self.assertEqual(["3/4" in page for page in pages], [False, True, True])
        self.assertEqual(['http-equiv="refresh" content="2"' in page for page in pages], [True, True, False])

    def test_refreshes_that_come_too_fast_are_left_out_and_the_last_page_has_everything(self):
        _, cards = self.step("@card", "for i in range(1000):", "    current.card.append(i)", "    current.card.refresh()")
        self.assertLess(len(cards), 200)
        self.assertIn("<pre>999</pre>", cards[-1][1])

    def test_components_are_found_by_their_ids_replaced_and_cleared(self):
        _, ((_, page),) = self.step(
            "@card(type='blank')", "current.card.append('gone')", "current.card.clear()",
            "current.card.extend(['one', 'two'])", "current.card.append('old', id='a')",
            "current.card.components['a'] = 'new'", "assert len(current.card.components) == 3",
            "assert current.card.components.keys() == ['a']")
        for part, is_there in (("one", True), ("two", True), ("new", True), ("old", False), ("gone", False)):
            self.assertEqual(f"&#x27;{part}&#x27;" in page, is_there, part)

    def test_cards_are_found_by_id_and_by_type_and_a_missing_one_ends_no_run(self):
        outcome, cards = self.step(
            "@card(id='a')\n@card(type='blank')", "current.card.append('nameless')", "current.card['a'].append('named')",
            "current.card.get(type='blank')[0].append('typed')", "current.card['b'].append('lost')")
        pages = dict(cards)
        self.assertIn("named", pages["0_default_a"])
        self.assertIn("nameless", pages["1_blank"])
        self.assertIn("typed", pages["1_blank"])
        self.assertIn("no card of the step has the id 'b'", outcome.errors)
        outcome, cards = self.step("@card(id='a')\n@card(id='b')", "current.card.append('lost')")
        self.assertEqual(outcome.code, 0)
        self.assertIn("give them ids and write current.card['ID']", outcome.errors)
        self.assertNotIn("lost", str(cards))
        _, cards = self.step(
            "@card(id='a')", "current.card['a'].append('gone')", "current.card['a'] = ['one', 'two']",
            "assert list(current.card['a']) == ['one', 'two']")
        self.assertIn("two", cards[0][1])
        self.assertNotIn("gone", cards[0][1])
        _, cards = self.step("@card\n@card(id='b', customize=True)", "current.card.append('meant')")
        self.assertEqual(["meant" in page for _, page in cards], [False, True])

    def test_what_goes_wrong_with_a_card_fails_no_step(self):
        outcome, ((_, page),) = self.step(
            "@card", "class Bad:", "    def html(self): return 1/0", "current.card.extend([Bad(), 'good'])")
        self.assertEqual(outcome.code, 0)
        self.assertIn("Bad could not be shown", page)
        self.assertIn("good", page)
        outcome, cards = self.step(
            "@card(timeout=0.2)", "class Slow:", "    def html(self):", "        import time", "        time.sleep(20)",
            "current.card.append(Slow())")
        self.assertEqual(outcome.code, 0)
        self.assertIn("it took longer than 0.2 s", outcome.errors)
        self.assertIn("Card rendering timed out after 0.2 seconds", cards[0][1])

    def test_a_wrong_id_is_named(self):
        body = "@card({})\n@step\ndef start(self):\n    self.next(self.end)\n"
        with Workshop(flow(body.format("id='a/b'"))) as workshop:
            self.assertIn("flow.py:5: @card: id is 'a/b'; it has to be letters, digits and _", workshop.call("describe").stderr)

    def test_no_component_needs_anything_from_elsewhere_or_lets_text_be_markup(self):
        chart = {"mark": "line", "data": {"values": [{"a": 1, "b": 2}, {"a": 2, "b": "<"}]}, "encoding": {"x": {"field": "a"}, "y": {"field": "b"}}}
        timeline = EventsTimeline(title="<t>", max_events=2)
        for place in range(3):
            timeline.update({"<n>": f"<z>{place}"}, priority="<q>", payloads={"<l>": Markdown("<script>")})
        components = [
            Markdown("<script>x</script> `<y>`"), Table([["<i>"]], headers=["<h>"]), Artifact("<z>", name="<n>"),
            ProgressBar(max=2, value=1, label="<l>", unit="<u>"), VegaChart(chart), Image(b"\x89PNG....", "<label>"), Image(b"<svg/>"),
            ValueBox("<t>", "<v>", "<s>", change_indicator="<c>"), PythonCode(code_string="<q>"),
            JSONViewer({"<n>": "<z>"}, title="<t>"), YAMLViewer("<q>", max_height='"<h>'), timeline,
        ]
        for component in components:
            html = component.html()
            for text in ("<script", "<y>", "<i>x", "<h>", "<z>", "<n>", "<l>", "<u>", "<label>", "<t>", "<v>", "<s>", "<c>", "<q>", "http"):
                self.assertNotIn(text, html)
            rendered = component.render()
            self.assertEqual((rendered["html"], json.loads(json.dumps(rendered))["type"]), (html, component.type))
        self.assertIn("data:image/png;base64,", components[5].html())
        self.assertNotIn("&lt;z&gt;0", timeline.html())
        self.assertEqual([timeline.get_stats()[each] for each in ("total_events", "displayed_events")], [3, 2])

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

    def test_of_a_large_collection_only_the_beginning_is_turned_into_text(self):
        class Counted:
            count = 0

            def __repr__(self):
                Counted.count += 1
                return "y"

        self.assertIn("[y, y, ", Artifact([Counted() for _ in range(100000)]).html())
        self.assertLess(Counted.count, 1000)


class ForeignCardTests(unittest.TestCase):
    """Cards whose class belongs to the flow or to another package."""

    def step(self, decorator, *lines, own="", extension=None, **given):
        body = "\n    ".join([f"{decorator}\n@step\ndef start(self):", *lines, "self.next(self.end)"]) + "\n"
        with Workshop(flow(body).replace("class TestFlow", textwrap.dedent(own) + "class TestFlow")) as workshop:
            for place, source in (extension or {}).items():
                path = os.path.join(workshop.folder, "metaflow_extensions", place)
                os.makedirs(os.path.dirname(path))
                with open(path, "w") as file:
                    file.write(textwrap.dedent(source))
            outcome = workshop.step("start", **given)
            self.assertEqual(outcome.code, 0, outcome.errors)
            return workshop.agent.cards, outcome.errors

    HTML = """
        from metaflow.plugins.cards.card_modules.card import MetaflowCard

        class HTMLCard(MetaflowCard):
            type = "html"
            def __init__(self, options={"attribute": "html"}, **kwargs):
                self.name = options.get("attribute", "html")
            def render(self, task):
                return str(task[self.name].data) if self.name in task else "<p>none</p>"

        CARDS = [HTMLCard]
        """

    def test_the_class_of_an_extension_renders_what_the_step_has_set(self):
        extension = {"shop/plugins/cards/html/__init__.py": self.HTML}
        for decorator, page in (
            ("@card(type='html')", "<h1>mine</h1>"), ("@card(type='html', options={'attribute': 'other'})", "<h1>other</h1>"),
            ("@card(type='html', options={'attribute': 'absent'})", "<p>none</p>"),
        ):
            with self.subTest(decorator):
                cards, errors = self.step(decorator, "self.html = '<h1>mine</h1>'", "self.other = '<h1>other</h1>'", extension=extension)
                self.assertEqual((cards, errors), ([("0_html", page)], ""))

    def test_an_extension_may_be_one_package_or_many_and_a_broken_one_hinders_no_other(self):
        for places in (("shop/plugins/cards/__init__.py",), ("shop/plugins/cards/mfextinit_shop.py",),
                       ("bad/plugins/cards/html/__init__.py", "shop/plugins/cards/html/__init__.py")):
            with self.subTest(places):
                extension = {place: "raise ValueError('broken')" if place.startswith("bad") else self.HTML for place in places}
                cards, _ = self.step("@card(type='html')", "self.html = 'x'", extension=extension)
                self.assertEqual(cards, [("0_html", "x")])

    def test_a_class_of_the_flow_s_own_has_the_task_its_options_components_graph_and_flow(self):
        own = """
            from metaflow.cards import MetaflowCard, MetaflowCardComponent, Markdown, Table, BlankCard

            class Own(MetaflowCardComponent):
                def __init__(self, text): self.text = text
                def render(self): return f"<own>{self.text}</own>"

            class Page(MetaflowCard):
                type = "my_page"
                ALLOW_USER_COMPONENTS = True
                def __init__(self, options={}, components=[], graph=None, flow=None):
                    self.given = options, components, graph, flow
                def render(self, task):
                    options, components, graph, flow = self.given
                    told = [options["a"], task.pathspec, task.data.x, task["x"].data, task.index, task.finished,
                            [each.id for each in task], "y" in task, graph["start"]["next"], graph["end"]["type"], flow.x, flow.name]
                    page = BlankCard(components=[*components, Table([[repr(each)] for each in told]).render()])
                    return page.render(task) + self.RELOAD_POLICY_TOKEN

            class Closed(Page):
                type = "closed"
                ALLOW_USER_COMPONENTS = False
            """
        cards, errors = self.step(
            "@card(type='my_page', id='a', options={'a': 5})\n@card(type='closed', id='b', options={'a': 6})", "self.x = 41",
            "current.card['a'].append(Own('mine'))", "current.card['a'].append(Markdown('# Head'))",
            "current.card['b'].append(Own('mine'))", own=own)
        self.assertIn("what step start put on the card 1_closed_b is not shown: the class of the type closed has not ALLOW", errors)
        self.assertEqual([name for name, _ in cards], ["0_my-page_a", "1_closed_b"])
        for part in ("<own>mine</own><h1>Head</h1>".replace("><h1", ">\n<div class=\"markdown\"><h1"), "TestFlow/7/start/1", "[&#x27;x&#x27;]", "False",
                     "[&#x27;end&#x27;]", "&#x27;TestFlow&#x27;", "<td>5</td>"):
            self.assertIn(part, cards[0][1])
        self.assertTrue(cards[0][1].endswith("final"))
        self.assertNotIn("mine", cards[1][1])

    def test_a_card_that_takes_no_components_is_not_meant_where_none_is_named(self):
        own = """
            from metaflow.cards import MetaflowCard

            class Closed(MetaflowCard):
                type = "closed"
                def render(self, task):
                    return "closed"
            """
        cards, errors = self.step("@card(type='closed')\n@card(type='blank')", "current.card.append('mine')", own=own)
        self.assertEqual((errors, cards[0]), ("", ("0_closed", "closed")))
        self.assertIn("mine", cards[1][1])

    def test_a_card_that_can_be_updated_has_pages_while_the_step_runs(self):
        own = """
            from metaflow.cards import MetaflowCard

            class Live(MetaflowCard):
                type = "live"
                RUNTIME_UPDATABLE = True
                RELOAD_POLICY = MetaflowCard.RELOAD_POLICY_ALWAYS
                def render_runtime(self, task, data):
                    return f"<html><head></head>runs {data['user']} {task.finished} {self.RELOAD_POLICY_TOKEN}</html>"
                def render(self, task):
                    return f"ended {self.runtime_data['user']} {self.RELOAD_POLICY_TOKEN}"

            class Still(MetaflowCard):
                type = "still"
                RUNTIME_UPDATABLE = True
                def render(self, task):
                    return "ended"
            """
        refreshes = ["current.card.refresh({'step': 1}, force=True)", "current.card.refresh({'step': 2}, force=True)"]
        cards, errors = self.step("@card(type='live', refresh_interval=3)", *refreshes, own=own)
        self.assertEqual(errors, "")
        renewal = '<html><head><meta http-equiv="refresh" content="3"></head>'
        self.assertEqual([page for _, page in cards], [
            f"{renewal}runs {{'step': 1}} False render-seq-1</html>", f"{renewal}runs {{'step': 2}} False render-seq-2</html>",
            "ended {'step': 2} final"])
        self.assertEqual(self.step("@card(type='still')", *refreshes, own=own), ([("0_still", "ended")], ""))

    def test_a_card_that_fails_fails_no_step_and_is_shown_and_said(self):
        own = """
            from metaflow.cards import MetaflowCard

            class Bad(MetaflowCard):
                type = "bad"
                def __init__(self, options={}, **given):
                    self.kind = options.get("kind")
                def render(self, task):
                    if self.kind == "slow":
                        import time
                        time.sleep(20)
                    return None if self.kind == "none" else task.data.absent
            """
        for decorator, reason in (
            ("@card(type='bad')", "has no artifact"),
            ("@card(type='bad', options={'kind': 'none'})", "No information rendered from card of type bad"),
            ("@card(type='bad', options={'kind': 'slow'}, timeout=0.2)", "Card rendering timed out after 0.2 seconds"),
            ("@card(type='unheard')", "MetaflowCard named unheard not found. Check the `type` attribute in @card"),
        ):
            with self.subTest(decorator):
                cards, errors = self.step(decorator, "self.x = 1", own=own)
                (name, page), = cards
                self.assertEqual(name.split("_")[1], decorator.split("'")[1])
                self.assertIn("Card Render Failed With Error", page)
                self.assertIn(reason, page)
                self.assertRegex(errors, "muster: the card 0_(bad|unheard) of step start could not be made")
        cards, errors = self.step("@card(type='bad', save_errors=False)", "self.x = 1", own=own)
        self.assertEqual(cards, [])
        self.assertIn("has no artifact", errors)

    def test_a_broken_extension_is_named_where_its_card_is_missing(self):
        cards, errors = self.step("@card(type='html')", "pass", extension={"shop/plugins/cards/html/__init__.py": "import nosuch"})
        self.assertIn("metaflow_extensions.shop.plugins.cards.html cannot be imported: ModuleNotFoundError", errors)
        self.assertIn("No module named", cards[0][1])

    def test_a_step_that_fails_leaves_its_failure_in_place_of_the_page(self):
        with Workshop(flow("@card(type='html')\n@step\ndef start(self):\n    1/0\n    self.next(self.end)\n")) as workshop:
            outcome = workshop.step("start")
        (name, page), = workshop.agent.cards
        self.assertEqual((outcome.code, name), (1, "0_html"))
        self.assertIn("ZeroDivisionError: division by zero", page)


if __name__ == "__main__":
    unittest.main()
