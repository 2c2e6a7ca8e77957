"""One command line of `python flow.py`: its verb, the options before it and the words after it."""

from .front import Front
from .grammar import Refused, read
from .verbs import BY_NAME, ELSEWHERE, HELPED, OUTER, VERBS


class Line:
    """The words as they are understood: the options before the verb, the verb, and the words after it."""

    def __init__(self, words):
        self.front = Front()
        words = self.front.read(words)
        self.asks_help = words[:1] in (["--help"], ["-h"], ["help"])
        if words[:1] == ["--version"]:
            words = ["version"]
        # A line without a verb checks the flow, as under Metaflow.
        self.name, *self.words = words or ["check"]
        self.group = self.name if self.name in OUTER else None
        if not self.asks_help:
            self._find_verb()

    def _find_verb(self):
        if self.group:
            self.asks_help = not self.words and not OUTER[self.group] or self.words[:1] in (["--help"], ["-h"])
            if self.asks_help:
                return
            # `package` has an option before its verb.
            if self.group == "package" and self.words[0].startswith("--timeout"):
                del self.words[:1 if "=" in self.words[0] else 2]
            inner = f"{self.group} {self.words[0] if self.words else ''}"
            if inner in BY_NAME or inner in ELSEWHERE or not OUTER[self.group]:
                self.words = self.words[1:]
                self.name = inner
            else:
                self.name = OUTER[self.group]
        if self.name in ELSEWHERE:
            raise Refused(ELSEWHERE[self.name])
        self.verb = BY_NAME.get(self.name)
        if self.verb is None:
            from ..names import hint
            known = [verb.name for verb in VERBS]
            raise Refused(f"there is no verb '{self.name.strip()}'{hint(self.name, known)}; there are {', '.join(known)}")

    @property
    def is_native(self):
        """True if the command `muster` carries the verb out."""
        if self.asks_help or "--help" in self.words and self.verb.name not in HELPED:
            return False
        natives = [option.name for option in self.verb.natives]
        return self.verb.does is None or any(word.split("=")[0] in natives for word in self.words)

    @property
    def meant(self):
        """The words after the verb without those that change nothing."""
        for word in self.words:
            if word.split("=")[0] in self.verb.refused:
                raise Refused(self.verb.refused[word.split("=")[0]])
        return [word for word in self.words if word not in self.verb.ignored]

    @property
    def given(self):
        return read(self.verb, self.verb.options, self.words, self.verb.count, self.verb.variables)
