"""Output of a verb: results go to standard output, everything else to standard error."""

import sys

from .. import __version__
from ..client.namespaces import namespace
from ..users import identity


class Screen:
    """The output of one verb, and the flow that it is about."""

    def __init__(self, flow, path, front):
        self.flow, self.path, self.front = flow, path, front
        self.is_quiet = front.is_quiet
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(errors="backslashreplace")
        # Whatever is named is shown, whoever made it.
        namespace(None)
        self.say(f"Muster {__version__} executing {flow} for {identity()}")

    def say(self, text):
        """For people, on standard error; not with --quiet."""
        if not self.is_quiet:
            self.tell(text)

    def tell(self, text):
        """On standard error in any case."""
        print(printable(text), file=sys.stderr)

    def show(self, text):
        """A part of the answer."""
        print(printable(text))

    @staticmethod
    def marked(text):
        """`text` with stars around it on a terminal, as it is for a program."""
        return f"*{text}*" if sys.stdout.isatty() else text


def printable(text):
    """`text` without characters that give commands to a terminal."""
    if text.isprintable():
        return text
    return "".join(each if each in "\n\t" or ord(each) > 0x9F or 0x20 <= ord(each) < 0x7F else f"\\u{{{ord(each):x}}}" for each in text)
