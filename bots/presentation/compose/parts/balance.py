"""Credits in a sentence."""

from bots.presentation.message import Spans
from bots.texts import answers as texts
from bots.texts.translation import translate, translate_plural
from studio.commands.results import Balance


def balance_line(balance: Balance) -> Spans:
    used = translate_plural(texts.USED, texts.USED_SEVERAL, balance.used)
    if balance.left is None:
        return (f"{used} {translate(texts.NO_LIMIT)}",)
    return (f"{used} {translate_plural(texts.LEFT, texts.LEFT_SEVERAL, balance.left)}",)
