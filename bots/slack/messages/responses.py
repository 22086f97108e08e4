"""What a command answers, as posts for one person."""

from bots.slack.blocks.case_blocks import desk_list
from bots.slack.blocks.job_blocks import JobBlocks, said
from bots.slack.texts.escaping import mrkdwn
from bots.slack.texts.formatting import VOICE
from bots.texts import answers, chat
from bots.texts.lists import lines_of
from studio.commands.results import (
    Accepted,
    Answer,
    Attribution,
    Balance,
    CaseOpened,
    DeskCases,
    Family,
    History,
    InQueue,
    JobsStopped,
    PicturesDeleted,
    PictureShown,
    StarChanged,
)


def post_of(answer: Answer | str) -> JobBlocks | None:
    """None for what is answered by other means: a job's own message, a picture, a case."""
    match answer:
        case "" | Accepted() | PictureShown() | CaseOpened():
            return None
        case str():
            return said(answer)
        case JobsStopped():
            return said(chat.stopped(at_once=answer.at_once))
        case PicturesDeleted():
            return said(chat.deleted(len(answer.picture_ids)))
        case StarChanged():
            return said(chat.starred(given=answer.given, stars=answer.stars))
        case InQueue() | History() | Balance() | Family() | Attribution():
            return said("\n".join(map(mrkdwn, lines_of(answer))))
        case DeskCases():
            return desk_list(answer, answers.lines_of(answer, VOICE))
        case _:
            return said("\n".join(answers.lines_of(answer, VOICE)))
