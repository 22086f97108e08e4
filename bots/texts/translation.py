"""Where sentences enter: an English sentence is its own key (gettext's msgid), and its values have names.

Constants in capitals in `bots/texts/` are such sentences. They are translated when a message is composed, never when a
module is imported, because readers may have different languages.
"""

Msgid = str | tuple[str, str]  # of a pair, the first is for a `count` of one


def translate(msgid: str, **values: object) -> str:
    """The sentence for its reader, with its values. One without values may hold braces."""
    found = lookup(msgid)
    return found.format(**values) if values else found


def translate_plural(one: str, many: str, count: int, **values: object) -> str:
    """The sentence for `count` things; ``{count}`` is one of its values."""
    return lookup_plural((one, many), count).format(count=count, **values)


def lookup(msgid: str) -> str:
    """The sentence with its placeholders; there is one language so far."""
    return msgid


def lookup_plural(msgids: tuple[str, str], count: int) -> str:
    """As `lookup`, of the forms for one and for several, that for `count`."""
    one, many = msgids
    return lookup(one if count == 1 else many)
