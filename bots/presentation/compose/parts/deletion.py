"""Deleted pictures in a sentence."""

from bots.presentation.message import Spans
from bots.texts import answers as texts
from bots.texts.translation import translate, translate_plural
from studio.commands.results import PicturesDeleted


def deletion_line(answer: PicturesDeleted) -> Spans:
    deleted = translate_plural(texts.DELETED, texts.DELETED_SEVERAL, len(answer.picture_ids))
    return (f"{deleted} {translate(texts.STAY_SHOWN)}" if answer.stay_shown else deleted,)
