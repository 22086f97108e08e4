"""The ways in which people of the web front end sign in again."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy.orm import Session

from bots.web.access.session_cookies import SessionStore, WebUser
from bots.web.sign_in.passkeys import Passkey
from studio.clock import now
from studio.db.database import Database
from studio.db.identities import linked_identities, sign_ins
from studio.db.identities.people import find_person, lock_person
from studio.db.identities.sign_ins import Method, SignIn
from studio.db.tables import PersonRow
from studio.domain.identifiers import new_code
from studio.domain.people import Person
from studio.services.identity_linking import link_people

RECOVERY_LENGTH = 20  # 98 bits
DEVICE_LENGTH = 10  # 49 bits, for ten minutes
_DEVICE_CODE_LASTS = timedelta(minutes=10)
_CODES = (Method.RECOVERY, Method.DEVICE)


class SignIns:
    """Called from threads. Everything raises `DatabaseUnavailableError`."""

    def __init__(self, database: Database, session_store: SessionStore) -> None:
        self._database = database
        self._session_store = session_store

    def sign_in(self, visitor: WebUser, subject: str) -> WebUser | None:
        """A new session of the person whose subject it is; None when it is nobody's.

        Their invite word may have become invalid: ask the session store.
        """
        with self._database.begin() as session:
            found = sign_ins.find_sign_in(session, subject)
            if found is None:
                return None
            if found.method is Method.DEVICE and not sign_ins.delete_sign_in(
                session, subject, found.person_key
            ):
                return None
            person = find_person(session, found.person_key)
        return replace(
            self._session_store.open_session(
                person.user_id, name=person.display_name, address=visitor.address
            ),
            word=found.invite,
            moderator=found.moderator,
            subject=subject,
        )

    def redeem_code(self, visitor: WebUser, code: str) -> WebUser | None:
        """As `sign_in`, with a code as it was typed."""
        digest = _digest_of(code)
        signed_in = (self.sign_in(visitor, method.subject(digest)) for method in _CODES)
        return next((user for user in signed_in if user), None)

    def add(self, user: WebUser, subject: str, *, label: str, passkey: Passkey | None = None) -> bool:
        """Another way in for a registered user, whose identities in the chats become one human with them.

        False: it is another person's.
        """
        added = SignIn(
            subject=subject,
            person_key=user.person.key,
            label=label[:100],
            invite=user.word,
            moderator=user.moderator,
            public_key=passkey.public_key if passkey else None,
            sign_count=passkey.sign_count if passkey else 0,
        )
        with self._database.begin() as session:
            _lock(session, user)
            if not sign_ins.save_sign_in(session, added):
                return False
            self._link(session, added)
        return True

    def add_identity(self, subject: str, member: Person) -> None:
        """An account was seen as a member of a community in a chat: if it is new there, it is one human with the person
        whose way in the account is. Identities that exist stay as they are: their owner may have parted them.
        """
        with self._database.begin() as session:
            if session.get(PersonRow, member.key) is not None:
                return
            lock_person(session, member)
            if found := sign_ins.find_sign_in(session, subject):
                linked_identities.lock_identities(session, found.person_key, member.key)
                link_people(session, found.person_key, member.key)

    def new_code(self, user: WebUser, method: Method) -> tuple[str, str]:
        """A code to be shown once, and its subject. It replaces the person's earlier one of the kind."""
        code = new_code(RECOVERY_LENGTH if method is Method.RECOVERY else DEVICE_LENGTH)
        added = SignIn(
            subject=method.subject(_digest_of(code)),
            person_key=user.person.key,
            invite=user.word,
            moderator=user.moderator,
            expires_at=now() + _DEVICE_CODE_LASTS if method is Method.DEVICE else None,
        )
        with self._database.begin() as session:
            _lock(session, user)
            sign_ins.delete_method(session, user.person.key, method)
            sign_ins.save_sign_in(session, added)
        return "-".join(code[at : at + 5] for at in range(0, len(code), 5)), added.subject

    def renew_invite(self, user: WebUser) -> None:
        """After somebody typed the present invite word, their way in opens with it too."""
        with self._database.begin() as session:
            found = sign_ins.find_sign_in(session, user.subject)
            if found and found.person_key == user.person.key:
                sign_ins.save_sign_in(session, replace(found, invite=user.word, moderator=user.moderator))

    def of(self, user: WebUser) -> Sequence[SignIn]:
        """The ways that last; a device's code does not."""
        with self._database.read() as session:
            found = sign_ins.sign_ins_of(session, user.person.key)
        return [sign_in for sign_in in found if sign_in.method is not Method.DEVICE]

    def remove(self, user: WebUser, subject: str) -> bool:
        with self._database.begin() as session:
            return sign_ins.delete_sign_in(session, subject, user.person.key)

    def passkey(self, credential: str) -> Passkey | None:
        with self._database.read() as session:
            found = sign_ins.find_sign_in(session, Method.PASSKEY.subject(credential))
        if found is None or found.public_key is None:
            return None
        return Passkey(credential=credential, public_key=found.public_key, sign_count=found.sign_count)

    def record_use(self, passkey: Passkey) -> None:
        """Keep the authenticator's count, by which a copied one is noticed."""
        with self._database.begin() as session:
            subject = Method.PASSKEY.subject(passkey.credential)
            if found := sign_ins.find_sign_in(session, subject):
                sign_ins.save_sign_in(session, replace(found, sign_count=passkey.sign_count))

    def _link(self, session: Session, sign_in: SignIn) -> None:
        keys = sign_ins.chat_identities(session, sign_in)
        if not keys:
            return
        linked_identities.lock_identities(session, sign_in.person_key, *keys)
        for key in keys:
            link_people(session, sign_in.person_key, key)


def _lock(session: Session, user: WebUser) -> None:
    """Hold the rows of the person, so that two presses and an erasure happen one after the other."""
    linked_identities.lock_identities(session, user.person.key)
    lock_person(session, user.person)


def _digest_of(code: str) -> str:
    letters = "".join(filter(str.isalnum, code.lower()))
    return hashlib.sha256(letters.encode()).hexdigest()
