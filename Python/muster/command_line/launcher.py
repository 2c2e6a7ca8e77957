"""The options before the verb of `__main__.py FLOW.py …`, which `muster` and its agents write."""


def take_front(words, launch):
    """Reads the options before the verb into `launch`. Returns the other words.

    Raises ValueError for an unknown option.
    """
    words = list(words)
    while words and words[0].startswith("--"):
        option, _, value = words.pop(0).partition("=")

        def argument():
            if value:
                return value
            if not words:
                raise ValueError(f"{option} needs a value after it")
            return words.pop(0)

        if option == "--with":
            launch.attached.append(argument())
        elif option == "--environment":
            launch.environment = argument()
        elif option == "--config":
            name = argument()
            launch.config_files[name] = words.pop(0) if words else ""
        elif option == "--config-value":
            name = argument()
            launch.config_values[name] = words.pop(0) if words else ""
        elif option == "--config-more":
            # The next piece of a text that is too long for one word.
            name = argument()
            launch.config_values[name] = launch.config_values.get(name, "") + (words.pop(0) if words else "")
        elif option == "--branch":
            launch.project["branch"] = argument()
        elif option == "--production":
            launch.project["production"] = True
        else:
            raise ValueError(f"{option} is no option that may stand before the verb")
    return words
