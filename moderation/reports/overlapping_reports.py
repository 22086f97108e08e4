"""Urgent reports of pictures that look the same: which of them hides a picture and blocks its fingerprint.

A picture has one case that hides it and a fingerprint one that blocks it, so the decision on one case leaves or takes
what the others are about.
"""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation.records.tables import EVERYWHERE, BlockedPictureRow
from moderation.reports.hidden_pictures import find_alike, find_hidden, is_alike
from studio.db.tables import CaseRow, PictureRow
from studio.domain.cases import URGENT, Case, CaseKind, CaseState


def hand_over(session: Session, case_ids: Collection[str]) -> None:
    """Before these cases are decided to let their picture stay: what other open ones are about stays hidden for them.

    So do look-alikes, but for the pictures that were judged themselves.
    """
    others = _find_others(session, case_ids)
    if not others:
        return
    judged = set(session.scalars(select(CaseRow.picture_id).where(CaseRow.id.in_(case_ids))))
    for row in find_hidden(session, case_ids):
        for case_id, picture in others:
            if picture.id == row.id or (row.id not in judged and is_alike(picture, row)):
                row.hidden_by = case_id
    blocked = (BlockedPictureRow.platform == EVERYWHERE) & BlockedPictureRow.case_id.in_(case_ids)
    for block in session.scalars(select(BlockedPictureRow).where(blocked)):
        for case_id, picture in others:
            if picture.perceptual_hash == block.fingerprint:
                block.case_id = case_id
    session.flush()


def take_over(session: Session, case: Case) -> None:
    """Before a case is decided to take its picture down: the picture goes also where another case hides it.

    If it is urgent, so do look-alikes that no other open case is about, and its fingerprint stays blocked.
    """
    own = session.get_one(PictureRow, case.picture_id)
    if own.hidden_by is not None:
        own.hidden_by = case.id
    if case.weight >= URGENT:
        about = {picture.id for _, picture in _find_others(session, [case.id])}
        for row in find_alike(session, own):
            if row.hidden_by is not None and row.id not in about:
                row.hidden_by = case.id
        block = session.get(BlockedPictureRow, (EVERYWHERE, EVERYWHERE, own.perceptual_hash or ""))
        if block is not None and block.case_id is not None:  # None: of a list of the operator
            block.case_id = case.id
    session.flush()


def _find_others(session: Session, case_ids: Collection[str]) -> list[tuple[str, PictureRow]]:
    """The open urgent reports but these, with their pictures."""
    query = select(CaseRow.id, PictureRow).join(PictureRow, PictureRow.id == CaseRow.picture_id)
    query = query.where(
        CaseRow.kind == CaseKind.REPORT,
        CaseRow.state == CaseState.OPEN,
        CaseRow.weight >= URGENT,
        CaseRow.id.not_in(case_ids),
    )
    return [(case_id, row) for case_id, row in session.execute(query.order_by(CaseRow.opened_at, CaseRow.id))]
