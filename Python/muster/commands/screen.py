"""Prints a verb's results to standard output, and everything else to standard error."""

import sys

from .. import __version__
from ..client.namespaces import namespace
from ..users import identity


class Screen:
    """The output of one verb. flow, path: the flow that the verb is about."""

    def __init__(self, flow, path, front):
        self.flow, self.path, self.front = flow, path, front
        self.is_quiet = front.is_quiet
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(errors="backslashreplace")
        # Runs of all users are shown.
        namespace(None)
        self.say(f"Muster {__version__} executing {flow} for {identity()}")

    def say(self, text):
        """Prints a text for people to standard error, unless --quiet is given."""
        if not self.is_quiet:
            self.tell(text)

    def tell(self, text):
        """Prints a text to standard error in any case."""
        print(printable(text), file=sys.stderr)

    def show(self, text):
        """Prints a part of the result."""
        print(printable(text))

    @staticmethod
    def marked(text):
        """Returns the text between stars for a terminal, unchanged for a program."""
        return f"*{text}*" if sys.stdout.isatty() else text


def printable(text):
    """Returns `text` with control characters escaped, which could send commands to a terminal."""
    if text.isprintable():
        return text
    return "".join(each if each in "\n\t" or ord(each) > 0x9F or 0x20 <= ord(each) < 0x7F else f"\\u{{{ord(each):x}}}" for each in text)
