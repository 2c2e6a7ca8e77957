"""The web view in a browser: what the measures ui-* time. It runs on a Python with selenium and prints JSON.

    MUSTER=… PYTHON web.py run|live|log|memory TASKS-OR-LINES ROUNDS
"""

import http.client
import json
import pathlib
import sys
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "Tests" / "WebView"))

from browser import Browser  # noqa: E402
from server import Store  # noqa: E402

# Of the log that ui-memory opens.
LINES = 1_000_000


def seen(browser, script):
    """Waits until the script is true in the page, and returns the time at which it became so."""
    return browser.driver.execute_async_script(
        "const [done] = arguments; const look = () => { if (" + script + ") done(Date.now() / 1000);"
        " else requestAnimationFrame(look) }; look()")


def peak(store):
    """The server's peak of memory, in MiB."""
    server = next(each for each in store.started if "ui" in each.args)
    for line in pathlib.Path(f"/proc/{server.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    raise AssertionError("the server has ended")


def whole_run(store, browser, address, tasks, rounds):
    """Seconds from asking for the page of a run to its graph and timeline."""
    for _ in range(rounds):
        browser.driver.get("about:blank")
        start = time.time()
        browser.driver.get(f"{address}runs/WideFlow/latest")
        yield seen(
            browser, "document.querySelector('.timeline .task-row') && document.querySelectorAll('main svg').length") - start


def live(store, browser, address, _, rounds):
    """Seconds from the time at which an event was stored to its state in the page."""
    for number in range(rounds):
        gate = store.gate(f"live-{number}")
        run = store.run("stream", "--gate", str(gate))
        browser.open(f"{address}?flow=StreamFlow&status=running")
        browser.click(".run-row", "StreamFlow")
        browser.one(".timeline .task-row", "start/1")
        path = browser.driver.current_url.split("/runs/")[1]
        gate.touch()
        shown = seen(browser, "document.title.includes('✓')")
        run.wait()
        with urllib.request.urlopen(f"{address}api/runs/{path}") as answer:
            yield shown - json.load(answer)["finished"]


def long_log(store, browser, address, lines, rounds):
    """Seconds to a long log's last line, then to the first result of a search from one end to the other."""
    for _ in range(rounds):
        browser.driver.get("about:blank")
        start = time.time()
        browser.driver.get(f"{address}runs/LongFlow/latest/tasks/1?tab=log")
        yield seen(browser, f"document.body.textContent.includes('long line {lines - 1}')") - start
        start = time.time()
        browser.driver.get(f"{address}runs/LongFlow/latest/tasks/1?tab=log&text=long+line+0")
        yield seen(browser, "[...document.querySelectorAll('.line-text')].some(each => each.textContent == 'long line 0')") - start


def watched(address, pages):
    """Opens streams as pages hold them, and waits until each has its first state."""
    host = address.split("/")[2]
    connections = []
    for number in range(pages):
        connection = http.client.HTTPConnection(host, timeout=60)
        connection.request("GET", "/api/runs/WideFlow/latest" if number % 2 else "/api/runs", headers={"Accept": "text/event-stream"})
        connection.answer = connection.getresponse()
        connection.answer.readline()
        connections.append(connection)
    return connections


def main(what, amount, rounds):
    store = Store()
    browser = Browser()
    try:
        amount, rounds = int(amount), int(rounds)
        if what in ("run", "memory"):
            assert store.run("wide", "--width", str(amount), "--max-num-splits", str(amount)).wait(600) == 0
        if what in ("log", "memory"):
            assert store.run("long", "--lines", str(LINES if what == "memory" else amount)).wait(600) == 0
        if what == "live":
            assert store.run("wide").wait(600) == 0
        address = store.serve()
        if what == "memory":
            list(whole_run(store, browser, address, amount, 1))
            list(long_log(store, browser, address, LINES, 1))
            connections = watched(address, 100)
            time.sleep(3)
            print(json.dumps([peak(store)]))
            for connection in connections:
                connection.close()
        else:
            measure = {"run": whole_run, "live": live, "log": long_log}[what]
            print(json.dumps(list(measure(store, browser, address, amount, rounds))))
    finally:
        browser.close()
        store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
