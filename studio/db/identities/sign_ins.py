"""Ways to sign in, as rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from studio.clock import now
from studio.db.sql_dialects import insert_into
from studio.db.tables import PersonRow, SignInRow
from studio.domain.people import Platform


class Method(StrEnum):
    """How somebody proves who they are; begins a subject."""

    DISCORD = "discord"
    SLACK = "slack"
    PASSKEY = "passkey"
    RECOVERY = "recovery"
    DEVICE = "device"

    def subject(self, proof: str) -> str:
        return f"{self}:{proof}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """See `SignInRow`."""

    subject: str
    person_key: str
    label: str = ""
    invite: str = ""
    moderator: bool = False
    public_key: bytes | None = None
    sign_count: int = 0
    expires_at: datetime | None = None

    @property
    def method(self) -> Method:
        return Method(self.subject.partition(":")[0])


def find_sign_in(session: Session, subject: str) -> SignIn | None:
    """None for a subject that nobody has, or that has expired."""
    row = session.get(SignInRow, subject)
    return None if row is None or (row.expires_at and row.expires_at < now()) else _sign_in_of(row)


def sign_ins_of(session: Session, person_key: str) -> Sequence[SignIn]:
    """The oldest first."""
    query = select(SignInRow).where(SignInRow.person_key == person_key).order_by(SignInRow.created_at)
    return [_sign_in_of(row) for row in session.scalars(query)]


def save_sign_in(session: Session, sign_in: SignIn) -> bool:
    """False, with nothing changed, when the subject is another person's."""
    session.execute(delete(SignInRow).where(SignInRow.expires_at < now()))
    values = {
        name: getattr(sign_in, name)
        for name in ("label", "invite", "moderator", "public_key", "sign_count", "expires_at")
    }
    statement = insert_into(session, SignInRow).values(
        subject=sign_in.subject, person_key=sign_in.person_key, created_at=now(), **values
    )
    upsert = statement.on_conflict_do_update(
        index_elements=[SignInRow.subject],
        set_=values,
        where=SignInRow.person_key == sign_in.person_key,
    )
    return session.execute(upsert.returning(SignInRow.subject)).scalar_one_or_none() is not None


def delete_sign_in(session: Session, subject: str, person_key: str) -> bool:
    """Whether the person had it; of two who ask at once, one is told so."""
    mine = delete(SignInRow).where(SignInRow.subject == subject, SignInRow.person_key == person_key)
    return session.execute(mine.returning(SignInRow.subject)).scalar_one_or_none() is not None


def delete_method(session: Session, person_key: str, method: Method) -> None:
    subject = SignInRow.subject.startswith(method.subject(""))
    session.execute(delete(SignInRow).where(SignInRow.person_key == person_key, subject))


def chat_identities(session: Session, sign_in: SignIn) -> Sequence[str]:
    """The keys of the people in the chats who have this account of Discord or Slack, in every community here."""
    match sign_in.subject.split(":"):
        case [Method.DISCORD, user]:
            account = (PersonRow.platform == Platform.DISCORD) & (PersonRow.user_id == user)
        case [Method.SLACK, team, user]:
            account = (
                (PersonRow.platform == Platform.SLACK)
                & (PersonRow.community == team)
                & (PersonRow.user_id == user)
            )
        case _:
            return []
    return session.scalars(select(PersonRow.key).where(account).order_by(PersonRow.key)).all()


def _sign_in_of(row: SignInRow) -> SignIn:
    return SignIn(
        subject=row.subject,
        person_key=row.person_key,
        label=row.label,
        invite=row.invite,
        moderator=row.moderator,
        public_key=row.public_key,
        sign_count=row.sign_count,
        expires_at=row.expires_at,
    )
