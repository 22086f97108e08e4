"""Why a picture was taken down, as its owner is told: a statement of reasons (Art. 17 of the Digital Services Act)."""

from moderation.reports.outside_reports import CHILD_RULE, INTIMATE_RULE, OUTSIDE_RULE
from studio.coded_text import CodedText, coded
from studio.commands.moderation.report import ARTIST_RULE, REPORT_RULE
from studio.domain.cases import Case


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
