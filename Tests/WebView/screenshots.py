"""Makes the pictures of the main pages: `make screenshots`."""

import sys

from browser import Browser
from server import Store

PAGES = (
    ("runs", "", ".run-row"), ("run", "runs/DivergingFlow/latest", ".timeline .task-row"),
    ("gang", "runs/DivergingFlow/latest/tasks/2", "main table"), ("log", "runs/DivergingFlow/latest/tasks/2?tab=log", ".line-text"))


def main(folder):
    store = Store()
    browser = Browser()
    try:
        for flow, arguments in (("wide", ("--width", "40")), ("long", ()), ("diverging", ())):
            store.finish(flow, *arguments)
        address = store.serve()
        for name, path, selector in PAGES:
            browser.driver.set_window_size(1200, 860)
            browser.open(address + path)
            browser.one(selector)
            browser.driver.save_screenshot(f"{folder}/web-{name}.png")
    finally:
        browser.close()
        store.close()


if __name__ == "__main__":
    main(sys.argv[1])
