"""Hints about how prompts are written here: each kind reaches a person once, privately."""

from collections.abc import Sequence

from studio.coded_text import CodedText, to_stored
from studio.commands.spec import Call
from studio.db import outbox
from studio.db.cases import write_notice
from studio.db.identities.people import lock_person
from studio.db.tables import NoticeRow
from studio.domain.cases import NewNotice, NoticeKind
from studio.domain.identifiers import job_id_of
from studio.ports import Ports


def send_hints(ports: Ports, call: Call, hints: Sequence[CodedText]) -> None:
    if not hints:
        return
    with ports.database.begin() as session:
        lock_person(session, call.person)
        events = []
        for hint in hints:
            notice_id = job_id_of(f"hint:{hint.code.removeprefix('hint.')}:{call.person.key}")
            if session.get(NoticeRow, notice_id) is None:
                text = to_stored(hint)
                events.append(
                    write_notice(
                        session,
                        NewNotice(NoticeKind.HINT, call.person.key, text, id=notice_id),
                    )
                )
    outbox.send(ports.database, ports.events, [event for event in events if event])
