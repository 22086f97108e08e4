"""Stopped jobs and deleted pictures in a sentence."""

from bots.presentation.message import Spans
from bots.texts import answers as texts
from bots.texts.translation import translate, translate_plural
from studio.commands.results import JobsStopped, PicturesDeleted


def deletion_line(answer: PicturesDeleted) -> Spans:
    if not answer.picture_ids:
        return (translate(texts.REQUEST_DELETED),)
    deleted = translate_plural(texts.DELETED, texts.DELETED_SEVERAL, len(answer.picture_ids))
    more = [texts.PAID_AND_GOES_ON] if answer.goes_on else []
    more += [texts.STAY_SHOWN] if answer.stay_shown else []
    return (" ".join([deleted, *map(translate, more)]),)


def stopped_line(answer: JobsStopped) -> Spans:
    """What a job that was stopped keeps, or what of it went."""
    if answer.keeps:
        return (translate(texts.KEEPS),)
    if not answer.deleted:
        return (translate(texts.CANCELLED if answer.at_once else texts.STOPPING),)
    deleted = translate_plural(texts.DELETED, texts.DELETED_SEVERAL, answer.deleted)
    return (f"{deleted} {translate(texts.PAID_AND_STOPPED)}",)
