"""Why a picture was taken down, as its owner is told: a statement of reasons (Art. 17 of the Digital Services Act)."""

from datetime import timedelta

from moderation.reports.outside_reports import CHILD_RULE, OUTSIDE_RULE
from studio.coded_text import CodedText, coded
from studio.commands.moderation.report import ARTIST_RULE, INTIMATE_RULE, REPORT_RULE
from studio.db.takedowns.taken_down_pictures import APPEAL_WITHIN
from studio.domain.cases import Case

_INTIMATE_APPEAL_WITHIN = timedelta(days=14)  # so that its files are gone soon


def taken_down(case: Case, picture_id: str) -> CodedText:
    """By the decision on a report."""
    match case.rule:
        case rule if rule == INTIMATE_RULE:
            return coded("notice.taken_down_intimate", picture=picture_id)
        case rule if rule == CHILD_RULE:
            return coded("notice.taken_down_child", picture=picture_id)
        case rule if rule == ARTIST_RULE:
            return coded("notice.taken_down_artist", picture=picture_id)
        case rule if rule in (REPORT_RULE, OUTSIDE_RULE):
            return coded("notice.taken_down_reported", picture=picture_id)
        case _:
            return coded("notice.taken_down", picture=picture_id)


def appeal_window(case: Case) -> timedelta | None:
    """How long its owner may appeal; None where there is no appeal, and the files go at once."""
    if case.rule == CHILD_RULE:
        return None
    return _INTIMATE_APPEAL_WITHIN if case.rule == INTIMATE_RULE else APPEAL_WITHIN
