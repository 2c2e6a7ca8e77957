"""Reads the words after a verb: options with their values, and arguments."""

import os


# Values of variables that set a flag.
TRUE = ("1", "true", "t", "yes", "y", "on")


class Refused(Exception):
    """The command line is wrong. The text is a sentence for a person."""


class Option:
    """One option of a verb. A flag may have an opposite; every other option takes a value."""

    def __init__(self, name, help="", value=None, opposite=None, kind=str, default=None, many=False, hidden=False):
        self.name, self.opposite, self.value = name, opposite, value
        self.kind, self.default, self.many, self.help, self.hidden = kind, default, many, help, hidden

    @property
    def attribute(self):
        return self.name[2:].replace("-", "_")

    @property
    def spelling(self):
        return f"{self.name} {self.value}" if self.value else f"{self.name} / {self.opposite}" if self.opposite else self.name

    def read(self, text):
        """Reads the words after a verb.

        arguments: the least and the greatest number of arguments; None for no limit. variables: the prefix of variables
        that set options, such as `METAFLOW_DUMP_`.
        """
        try:
            return self.kind(text)
        except ValueError:
            raise Refused(f"{self.name} is '{text}', and has to be a whole number") from None


def value(name, meaning, help="", **more):
    return Option(name, help, value=meaning, **more)


def flag(name, opposite=None, help="", default=False, **more):
    return Option(name, help, opposite=opposite, default=default, **more)


class Given:
    """The words of a verb as they were read: every option as an attribute, and the arguments."""

    def __init__(self, options, arguments):
        self.arguments = arguments
        vars(self).update(options)


def without_options(words, options):
    """Returns the indices of words that are neither an option nor its value."""
    places, place = [], 0
    taking = [option.name for option in options if option.value is not None]
    while place < len(words):
        if words[place].startswith("--"):
            place += words[place] in taking
        else:
            places.append(place)
        place += 1
    return places


def read(verb, options, words, arguments=(0, 0), variables=None):
    """Reads the words after a verb.

    arguments: How many of them may be no option, at least and at most; None as the second: any number.
    variables: What the names of variables begin with that give options, such as `METAFLOW_DUMP_`.
    """
    found = {option.attribute: [] if option.many else option.default for option in options}
    found.update(_from_environment(options, variables))
    rest, words = [], list(words)
    while words:
        word = words.pop(0)
        if word == "--":
            rest += words
            break
        if not word.startswith("--"):
            rest.append(word)
            continue
        name, equals, text = word.partition("=")
        option = _named(name, options, verb)
        if option.value is None:
            if equals:
                raise Refused(f"{name} takes no value")
            found[option.attribute] = name == option.name
            continue
        if not equals:
            if not words:
                raise Refused(f"{name} needs a value after it")
            text = words.pop(0)
        given = option.read(text)
        found[option.attribute] = [*found[option.attribute], given] if option.many else given
    least, most = arguments
    if len(rest) < least or most is not None and len(rest) > most:
        raise Refused(_count(verb, rest, most))
    return Given(found, rest)


def _count(verb, rest, most):
    if most is not None and len(rest) > most:
        return f"the argument '{rest[most]}' is one too many; `{verb.name} --help` shows the arguments"
    return f"{verb.name} needs {verb.path or verb.arguments} after it"


def _named(name, options, verb):
    for option in options:
        if name in (option.name, option.opposite):
            return option
    from ..names import hint
    known = [option.name for option in options if not option.hidden]
    raise Refused(f"{verb.name} has no option {name}{hint(name, known)}; it has {', '.join(known) or 'none'}")


def _from_environment(options, variables):
    """Returns the options that variables set, read as Metaflow's library click reads them."""
    found = {}
    for option in options:
        text = os.environ.get(f"{variables}{option.attribute.upper()}") if variables else None
        if not text:
            continue
        if option.value is None:
            found[option.attribute] = text.lower() in TRUE
        else:
            found[option.attribute] = [option.read(word) for word in text.split()] if option.many else option.read(text)
    return found
