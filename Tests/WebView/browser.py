"""A headless Chromium whose page is looked at as a person would."""

import json
import shutil
import time

from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException, WebDriverException
from selenium.webdriver.common.by import By

DEADLINE = 60
# The browser stops what it loads when a network interface of the machine comes or goes, as those of other tests do.
INTERRUPTED = "ERR_NETWORK_CHANGED"


class Browser:
    """One browser. Close it."""

    def __init__(self):
        options = webdriver.ChromeOptions()
        options.binary_location = self._program("chromium", "chromium-browser", "google-chrome")
        for argument in (
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1400,1000",
            # A window behind another one is to go on as if it were seen.
            "--disable-backgrounding-occluded-windows", "--disable-background-timer-throttling", "--disable-renderer-backgrounding",
        ):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        service = webdriver.ChromeService(self._program("chromedriver"))
        self.driver = webdriver.Chrome(options=options, service=service)
        self.problems = []
        self.addresses = []

    @staticmethod
    def _program(*names):
        for name in names:
            if path := shutil.which(name):
                return path
        raise FileNotFoundError(f"none of {', '.join(names)} is on PATH: apt-get install chromium chromium-driver")

    def close(self):
        self.driver.quit()

    def open(self, address):
        """Opens an address of the page, again where the machine's network has interrupted it."""
        for _ in range(5):
            self.driver.get(address)
            try:
                self.wait("the page", lambda: self.all("main > *"), seconds=DEADLINE / 5)
                return
            except AssertionError:
                if not any(INTERRUPTED in each["message"] for each in self.driver.get_log("browser")):
                    raise
        raise AssertionError(f"{address} could not be loaded")

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector, text=None):
        """The visible element, waited for: the first of the selector, or the first that contains the text."""

        def found():
            for element in self.all(selector):
                if element.is_displayed() and (text is None or text in element.text):
                    return element
            return None

        return self.wait(f"{selector} {text or ''}", found)

    def click(self, selector, text=None):
        """Clicks an element, also when the page replaces it meanwhile."""

        def clicked():
            self.one(selector, text).click()
            return True

        self.wait(f"a click on {selector} {text or ''}", clicked)

    def text(self, selector):
        return "\n".join(element.text for element in self.all(selector))

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def wait(self, name, condition, seconds=DEADLINE):
        """Waits until the condition gives something, and returns it."""
        end = time.monotonic() + seconds
        last = None
        while time.monotonic() < end:
            try:
                if value := condition():
                    return value
            except (NoSuchElementException, StaleElementReferenceException, IndexError) as error:
                last = error
            except WebDriverException as error:
                if "not interactable" not in str(error) and "not clickable" not in str(error) and "intercepted" not in str(error):
                    raise
                last = error
            time.sleep(0.1)
        raise AssertionError(f"waited in vain for {name} at {self.driver.current_url} {last or ''}\n{self.text('body')[:1500]}")

    def take_logs(self):
        """Adds to ``problems`` what the browser complained of, and to ``addresses`` what it asked for."""
        for entry in self.driver.get_log("browser"):
            if entry["level"] == "SEVERE" and INTERRUPTED not in entry["message"]:
                self.problems.append(entry["message"])
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                self.addresses.append(message["params"]["request"]["url"])
