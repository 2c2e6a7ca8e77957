"""Decorators as texts: `name:option=value,…`."""

import json
import re

from ..errors import DecoratorError
from ..location import at_caller


def parse_options(text, whole):
    """The options behind the colon.

    whole: what stands in the user's line, for a message.
    """
    options = {}
    # A comma inside a value does not start another option.
    for part in re.split(r",(?=\s*\w+\s*=)", text) if text else []:
        option, equals, value = part.partition("=")
        if not equals:
            raise DecoratorError(at_caller(f"{whole}: '{part}' is no option; write {whole.split()[-1].partition(':')[0]}:option=value"))
        try:
            options[option.strip()] = json.loads(value)
        except ValueError:
            options[option.strip()] = value.strip()
    return options
