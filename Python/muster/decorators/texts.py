"""Decorators on the command line: `name:option=value,…`."""

import json
import re

from ..errors import DecoratorError
from ..location import at_caller


def parse_options(text, whole):
    """Parses the options behind the colon. whole: the user's argument, for messages."""
    options = {}
    # Splits only at commas before `NAME=`: a value may contain commas.
    for part in re.split(r",(?=\s*\w+\s*=)", text) if text else []:
        option, equals, value = part.partition("=")
        if not equals:
            raise DecoratorError(at_caller(f"{whole}: '{part}' is no option; write {whole.split()[-1].partition(':')[0]}:option=value"))
        try:
            options[option.strip()] = json.loads(value)
        except ValueError:
            options[option.strip()] = value.strip()
    return options
