"""The page of `muster ui` in a real browser, on a store with real runs: `python -m unittest` in this folder."""

import re
import unittest
from urllib.parse import urlsplit

from selenium.webdriver.common.keys import Keys

from browser import Browser
from server import Store

LONG = 200_000
# As in flows/hostile.py.
SCRIPT = "<script>window.pwned = 1; document.title = 'pwned'</script>"
IMAGE = "<img src=x onerror=\"window.pwned = 1; document.title = 'pwned'\">"


class PageTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.store = Store()
        cls.addClassCleanup(cls.store.close)
        assert cls.store.finish("long", "--lines", str(LONG), "--tag", "many") == 0, cls.store.folder
        assert cls.store.finish("hostile", "--tag", IMAGE) == 1
        cls.address = cls.store.serve()
        cls.browser = Browser()
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        self.addCleanup(self.check_logs)
        self.expected = []

    def check_logs(self):
        """The browser has nothing to complain of, and asked nobody else."""
        self.browser.take_logs()
        problems, self.browser.problems = self.browser.problems, []
        addresses, self.browser.addresses = self.browser.addresses, []
        problems = [each for each in problems if not any(re.search(pattern, each) for pattern in self.expected)]
        self.assertEqual(problems, [])
        server = urlsplit(self.address).netloc
        others = [each for each in addresses if urlsplit(each).scheme in ("http", "https", "ws", "wss") and urlsplit(each).netloc != server]
        self.assertEqual(others, [])

    def open(self, path=""):
        self.browser.open(self.address + path)

    def open_task(self, flow, task, query=""):
        self.open(f"runs/{flow}/latest")
        self.browser.wait("the run's own address", lambda: "/latest" not in self.browser.driver.current_url)
        run = self.browser.driver.current_url.split("?")[0]
        self.browser.open(f"{run}/tasks/{task}{query}")

    def assert_untouched(self):
        """No script of a flow has run in the page."""
        self.assertIsNone(self.browser.run("return window.pwned ?? null"))
        self.assertNotEqual(self.browser.driver.title, "pwned")
        self.assertTrue(self.browser.driver.current_url.startswith(self.address))

    # MARK: a gang

    def test_a_gang_is_followed_live_from_its_start_to_the_death_of_a_node(self):
        browser, gate = self.browser, self.store.gate("gang")
        self.open("?flow=GangFlow")
        browser.one(".notice", "No run")
        browser.run("window.isSamePage = true")
        self.store.run("gang", "--gate", str(gate))
        browser.click(".run-row", "GangFlow")
        browser.one("h1", "running")
        browser.one(".box.running", "work")
        browser.click(".timeline .task-row", "work/2")
        browser.wait("three nodes at work", lambda: len(browser.all(".tile.running")) == 3)
        browser.one(".nodes td", "node 2 is at work")
        gate.touch()
        browser.one(".tile.cause", "failed first")
        browser.wait("the others stopped", lambda: len([
            tile for tile in browser.all(".tile.still") if "stopped because of node 1" in tile.text]) == 2)
        self.assertEqual(browser.text(".tile.cause b"), "1")
        cause = browser.one(".failure").text
        for part in ("work/2[1]", "node 1", "SIGKILL"):
            self.assertIn(part, cause)
        browser.click(".failure a", "work/2[1]")
        browser.click("#crumbs a:nth-child(3)")
        browser.one("h1", "failed")
        self.assertIn("work/2[1]", browser.one(".failure").text)
        browser.one(".box.bad", "work")
        self.assertTrue(browser.driver.title.startswith("✗ GangFlow/"), browser.driver.title)
        self.assertIn("favicon-failed", browser.run("return document.getElementById('favicon').href"))
        browser.click(".failure .button", "log")
        browser.one(".line-text", "node 1 dies now")
        self.assertTrue(browser.run("return window.isSamePage"), "the page was loaded again")

    # MARK: logs

    def numbers(self):
        """The numbers of the lines in the window on the log, in order."""
        return self.browser.run(
            "return [...document.querySelectorAll('.line-text')].map(each => /line (\\d+)$/.exec(each.textContent))"
            ".filter(Boolean).map(match => Number(match[1]))")

    def test_lines_appear_while_the_step_writes_them(self):
        browser, gate = self.browser, self.store.gate("stream")
        self.addCleanup(gate.touch)
        run = self.store.run("stream", "--gate", str(gate))
        self.open("?flow=StreamFlow&status=running")
        browser.click(".run-row", "StreamFlow")
        browser.click(".timeline .task-row", "start/1")
        first = browser.wait("lines", self.numbers)
        browser.wait("more lines", lambda: self.numbers()[-1] > first[-1] + 5)
        browser.one(".log-state", "live")
        browser.one(".line.err .line-stream", "err")
        gate.touch()
        self.assertEqual(run.wait(60), 0)
        browser.one(".line-text", "the last line")
        browser.wait("the end", lambda: browser.text(".log-state") == "")
        numbers = self.numbers()
        self.assertEqual(numbers, list(range(numbers[0], numbers[-1] + 1)))

    def test_a_long_log_opens_at_its_end_and_older_lines_are_fetched(self):
        browser = self.browser
        self.open_task("LongFlow", 1, "?tab=log")
        browser.wait("the last line", lambda: self.numbers()[-1] == LONG - 1)
        for _ in range(10):
            first = self.numbers()[0]

            def up(first=first):
                browser.run("document.querySelector('.lines').scrollTop = 0")
                return self.numbers()[0] < first

            browser.wait("older lines", up)
        numbers = self.numbers()
        self.assertEqual(numbers, list(range(numbers[0], numbers[-1] + 1)))
        self.assertLess(len(browser.all(".line")), LONG / 4, "far lines are dropped")

        def down():
            browser.run("const lines = document.querySelector('.lines'); lines.scrollTop = lines.scrollHeight")
            return self.numbers()[-1] == LONG - 1

        browser.wait("the last line again", down)
        numbers = self.numbers()
        self.assertEqual(numbers, list(range(numbers[0], numbers[-1] + 1)))

    def test_a_line_of_a_growing_log_has_an_address_and_the_log_goes_on_there(self):
        browser, gate = self.browser, self.store.gate("growing")
        self.addCleanup(gate.touch)
        self.store.run("stream", "--gate", str(gate))
        self.open("?flow=StreamFlow&status=running")
        browser.click(".run-row", "StreamFlow")
        browser.click(".timeline .task-row", "start/1")
        browser.wait("lines", lambda: len(self.numbers()) > 10)
        line = browser.all(".line")[5]
        text, address = line.find_element("css selector", ".line-text").text, line.find_element("css selector", "a").get_attribute("href")

        def look():
            self.assertEqual(browser.one(".line.marked .line-text").text, text)
            numbers = browser.wait("lines", self.numbers)
            browser.wait("new lines", lambda: self.numbers()[-1] > numbers[-1] + 5)

        self.in_new_window(address, look)

    def test_a_search_finds_lines_far_away(self):
        browser = self.browser
        self.open_task("LongFlow", 1, "?tab=log")
        browser.wait("lines", self.numbers)
        browser.one("body").send_keys("/")
        browser.driver.switch_to.active_element.send_keys("LINE 1234")
        browser.wait("the match", lambda: 1234 in self.numbers())
        self.assertEqual(self.numbers(), [1234, *range(12340, 12350), *range(123400, 123500)])
        self.assertTrue(all(mark.text == "line 1234" for mark in browser.all("mark")))
        browser.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
        self.assertEqual(browser.run("return document.activeElement.tagName"), "BODY")
        self.assertIn("text=LINE%201234", browser.driver.current_url)

    # MARK: changes

    def test_cancel_asks_and_ends_the_run(self):
        browser = self.browser
        run = self.store.run("stream", "--gate", str(self.store.gate("never")))
        self.open("?flow=StreamFlow&status=running")
        browser.click(".run-row", "StreamFlow")
        browser.click(".cancel button", "Cancel run")
        browser.click(".confirm button", "Keep it")
        self.assertIsNone(run.poll())
        browser.click(".cancel button", "Cancel run")
        browser.click(".confirm .danger")
        browser.one("h1", "cancelled")
        self.assertNotEqual(run.wait(60), 0)
        browser.wait("no button", lambda: not browser.all(".cancel button"))
        self.assertTrue(browser.driver.title.startswith("■ StreamFlow/"), browser.driver.title)

    def test_tags_come_and_go(self):
        browser = self.browser
        self.open("runs/LongFlow/latest")
        browser.one(".tag", "many")
        browser.one(".tag-input").send_keys("good one", Keys.ENTER)
        browser.one(".tag", "good one")
        self.open("?tag=good%20one")
        browser.one(".run-row", "LongFlow")
        self.open("runs/LongFlow/latest")
        browser.click(".tag .remove[aria-label='Remove the tag good one']")
        browser.wait("no tag", lambda: "good one" not in browser.text(".tags"))
        browser.click(".box", "start")
        browser.wait("the filter", lambda: browser.text(".panel .counted") == "1 of 2 tasks")
        self.assertNotIn("good one", browser.text(".tags"))

    def test_a_read_only_server_offers_no_changes(self):
        address = self.store.serve("--read-only")
        self.addCleanup(setattr, self, "address", self.address)
        self.address = address
        browser = self.browser
        self.open("runs/LongFlow/latest")
        browser.one("#store", "read-only")
        browser.one(".tag", "many")
        self.assertEqual(browser.all(".tag .remove, .tag-input, .cancel button"), [])
        browser.driver.get("about:blank")
        self.check_logs()

    def test_a_page_keeps_what_it_shows_while_the_server_is_away(self):
        browser = self.browser
        address = self.store.serve()
        self.addCleanup(setattr, self, "address", self.address)
        self.address = address
        self.expected = ["ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_EMPTY_RESPONSE", "ERR_CONNECTION_RESET"]
        self.open()
        browser.one(".run-row", "LongFlow")
        server = self.store.started[-1]
        server.terminate()
        server.wait(60)
        browser.one("#connection", "not connected; trying again")
        browser.one(".run-row", "LongFlow")
        self.store.serve(port=urlsplit(address).port)
        browser.wait("the connection", lambda: browser.text("#connection") == "")
        browser.driver.get("about:blank")
        self.check_logs()

    # MARK: hostile text

    def test_markup_that_a_flow_leaves_is_shown_as_text(self):
        browser = self.browser
        self.open_task("HostileFlow", 1, "?tab=log")
        browser.one(".line-text", SCRIPT)
        browser.one(".line-text", IMAGE)
        self.assertEqual(browser.one(".line-text .ansi-1").text, "red")
        browser.one(".line-text", "100 %")
        self.assertNotIn("90 %", browser.text(".line-text"))
        self.assert_untouched()
        browser.click("[role=tab]", "Artifacts")
        browser.one(".artifacts th", IMAGE)
        self.assert_untouched()
        browser.click("#crumbs a:nth-child(3)")
        browser.one(".tag", IMAGE)
        browser.one(".failure-message", SCRIPT)
        self.assert_untouched()
        browser.one(".tag-input").send_keys(SCRIPT, Keys.ENTER)
        browser.one(".tag", SCRIPT)
        self.assert_untouched()

    def test_a_card_runs_shut_in_its_frame(self):
        browser = self.browser
        # The card's own attempts to reach out are refused, which the browser says.
        self.expected = [r"/cards/", r"Content Security Policy", r"Unsafe attempt", r"about:srcdoc", r"Failed to load resource"]
        self.open_task("HostileFlow", 1, "?tab=cards")
        browser.run("window.addEventListener('message', event => { window.pwned = event.data })")
        frame = browser.one("iframe.card")
        self.assertEqual(frame.get_attribute("sandbox"), "allow-scripts")
        browser.driver.switch_to.frame(frame)
        try:
            browser.one("#own", "the card ran its script")
        finally:
            browser.driver.switch_to.default_content()
        self.assert_untouched()

    # MARK: addresses

    def in_new_window(self, address, look):
        """Looks at an address in a window of its own."""
        driver = self.browser.driver
        before = driver.current_window_handle
        driver.switch_to.new_window("window")
        try:
            self.browser.open(address)
            return look()
        finally:
            driver.close()
            driver.switch_to.window(before)
            driver.execute_cdp_cmd("Page.bringToFront", {})

    def test_the_address_of_a_state_shows_it_in_a_new_window(self):
        browser = self.browser
        self.open("runs/LongFlow/latest")
        browser.click(".box", "start")
        browser.wait("the filter", lambda: browser.text(".panel .counted") == "1 of 2 tasks")
        browser.click("[aria-label='Zoom in']")
        browser.wait("the zoom", lambda: "zoom=" in browser.driver.current_url)
        axis = browser.text(".axis")
        address = browser.driver.current_url
        self.in_new_window(address, lambda: (
            browser.wait("the filter", lambda: browser.text(".panel .counted") == "1 of 2 tasks"),
            browser.one(".box.chosen", "start"),
            browser.wait("the zoom", lambda: browser.text(".axis") == axis),
            self.assertEqual(browser.driver.current_url, address)))
        browser.driver.back()
        browser.wait("the way back", lambda: "step=" not in browser.driver.current_url)

    def test_every_line_of_a_log_has_an_address(self):
        browser = self.browser
        self.open_task("LongFlow", 1, "?tab=log&text=line%201000")
        browser.wait("matches", lambda: 1000 in self.numbers() and 100_000 in self.numbers())
        line = next(each for each in browser.all(".line") if each.text.endswith("long line 100000"))
        address = line.find_element("css selector", "a").get_attribute("href")
        self.assertNotIn("text=", address)

        def look():
            self.assertTrue(browser.one(".line.marked").text.endswith("long line 100000"))
            browser.wait("its neighbours", lambda: {99_999, 100_000, 100_001} <= set(self.numbers()))

            # The marked line's own address, which needs no search.
            return browser.one(".line.marked a").get_attribute("href")

        again = self.in_new_window(address, look)
        self.in_new_window(re.sub("&match=[^&]*", "", again), lambda: None)

    # MARK: all runs

    def test_filters_narrow_the_runs(self):
        browser = self.browser

        def shown():
            return browser.text(".runs .rows-body .row")

        self.open()
        browser.one(".run-row", "LongFlow")
        browser.one(".run-row", "HostileFlow")
        browser.click("select[name=status] option[value=succeeded]")
        browser.wait("the status", lambda: "LongFlow" in shown() and "HostileFlow" not in shown())
        self.assertIn("status=succeeded", browser.driver.current_url)
        browser.click("select[name=status] option[value='']")
        browser.one("body").send_keys("/")
        browser.driver.switch_to.active_element.send_keys("hostilef")
        browser.wait("the text", lambda: "HostileFlow" in shown() and "LongFlow" not in shown())
        browser.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
        browser.one("body").send_keys("j")
        browser.one("body").send_keys(Keys.ENTER)
        browser.wait("the run", lambda: "/runs/HostileFlow/" in browser.driver.current_url)
        browser.driver.back()
        browser.wait("the filter again", lambda: browser.run("return document.querySelector('[name=text]').value") == "hostilef")
        self.open("?user=nobody")
        browser.one(".notice", "No run matches")

    def test_what_is_not_there_is_said(self):
        self.expected = ["404"]
        self.open("runs/NoFlow/1")
        self.browser.one(".notice", "This run cannot be shown")
        self.open("runs/LongFlow/latest")
        self.open_task("LongFlow", 99)
        self.browser.one(".notice", "This task cannot be shown")


if __name__ == "__main__":
    unittest.main()
