"""Signed session cookies, form tokens and upload tickets."""

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass, field, replace
from typing import Any

from itsdangerous import BadData, URLSafeSerializer, URLSafeTimedSerializer
from starlette.requests import HTTPConnection
from starlette.responses import Response

from bots.web.access.activity_frame import (
    ACTIVITY_COOKIE,
    FRAMED_SECONDS,
    PROOF_SECONDS,
    SESSION_COOKIE,
    is_framed,
    proof_cookie,
    set_framed_cookie,
    set_proof_cookie,
)
from bots.web.access.trusted_proxies import network_of
from bots.web.settings import Visitors, WebSettings
from studio.commands.spec import Call
from studio.db.identities.sign_ins import Method
from studio.db.newcomers.newcomer_origins import ADDRESS, INVITE
from studio.domain.people import Address, Person, Platform, Role
from studio.domain.provenance import Traces
from studio.domain.requests import Source
from studio.parsing.name_folding import without_clutter
from studio.parsing.text_cleaning import clean_text
from studio.serialization import from_data, to_data

COMMUNITY = "room"
LONGEST_NAME = 32
_SESSION_SECONDS = 180 * 24 * 3600
_UPLOAD_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class WebUser:
    """A browser's session. `user_id` is empty until somebody signs in, and never changes afterwards; the name may.

    `session` is new with each sign-in. `address` is that of the connection; attempts are limited by it.
    `proved_at` is when Discord said who this is, in seconds since 1970, for a session in its frame.
    """

    user_id: str = ""
    name: str = ""
    session: str = field(default="", repr=False)
    address: str = field(default="", repr=False)
    word: str = ""  # fingerprint of the invite word that was used
    moderator: bool = False
    subject: str = ""  # what proved who this is, as in `SignInRow`; empty for somebody who only typed a name
    guest: bool = False
    proved_at: int = 0

    @property
    def person(self) -> Person:
        roles = {Role.MEMBER, Role.MODERATOR} if self.moderator else {Role.MEMBER}
        return Person(
            platform=Platform.WEB,
            community=COMMUNITY,
            user_id=self.user_id,
            display_name=self.name,
            roles=frozenset(roles),
            guest=self.guest,
        )

    def call(self, request_key: str = "") -> Call:
        """What they ask for here. `request_key` as in `Call`; empty for what changes nothing."""
        return Call(person=self.person, address=WEB_ADDRESS, request_key=request_key)


WEB_ADDRESS = Address(platform=Platform.WEB, community=COMMUNITY, channel="main")


def address_of(connection: HTTPConnection) -> str:
    """What attempts are limited by: an IPv4 address, or an IPv6 network that one subscriber has."""
    return network_of(connection.client.host) if connection.client else ""


def clean_name(text: str) -> str:
    """The name as shown: one line, nothing invisible, at most 32 characters; may come out empty.

    Without ``#``, behind which commands take an id.
    """
    return without_clutter(clean_text(text).replace("#", ""))[:LONGEST_NAME].strip(" @")


class SessionStore:
    """Signs and verifies sessions, form tokens and tickets for uploads."""

    def __init__(self, settings: WebSettings) -> None:
        key = settings.secret_key
        self._sessions = URLSafeTimedSerializer(key, salt="session")
        self._framed_sessions = URLSafeTimedSerializer(key, salt="session in a frame")
        self._proofs = URLSafeTimedSerializer(key, salt="start of an activity")
        self._uploads = URLSafeTimedSerializer(key, salt="upload")
        self._examined = URLSafeTimedSerializer(key, salt="look")
        self._forms = URLSafeSerializer(key, salt="form")
        self._key = key.encode()
        self._visitors = settings.visitors
        self._has_activity = settings.activity is not None
        self._words = {False: settings.shared_secret, True: settings.moderator_secret}

    def read(self, connection: HTTPConnection) -> WebUser | None:
        """The user of a request, signed in or not; None without a valid cookie.

        In a frame also None without an account that proved who somebody is: the entry page has no other way in there.
        """
        try:
            framed = self.is_framed(connection)
            cookie = connection.cookies.get(ACTIVITY_COOKIE if framed else SESSION_COOKIE, "")
            sessions = self._framed_sessions if framed else self._sessions
            data: Any = sessions.loads(cookie, max_age=FRAMED_SECONDS if framed else _SESSION_SECONDS)
            subject, proved_at = data.get("i", ""), data["t"] if framed else 0
            if framed and (not subject or time.time() - proved_at > FRAMED_SECONDS):
                return None
            named = framed and subject.startswith(Method.DISCORD.subject(""))
            return WebUser(
                user_id=data["u"],
                name=data["n"],
                # Sessions that were opened before they had ids of their own: one for each person.
                session=data.get("s") or f"of:{data['u']}",
                # All in Discord come from the addresses of its proxy. Of other proofs one has as many as one likes.
                address=subject if named else address_of(connection),
                word=data["w"],
                moderator=data["m"],
                subject=subject,
                guest=self._visitors is Visitors.GUESTS and not subject and not data["m"],
                proved_at=proved_at,
            )
        except (BadData, KeyError, TypeError, AttributeError):
            return None

    def read_proof(self, connection: HTTPConnection) -> WebUser | None:
        """Who opened the Activity, for the one post that says who they are; None without a valid cookie."""
        try:
            session: Any = self._proofs.loads(proof_cookie(connection), max_age=PROOF_SECONDS)
        except BadData:
            return None
        return WebUser(session=str(session), address=address_of(connection))

    def write_proof(self, response: Response, user: WebUser) -> None:
        set_proof_cookie(response, str(self._proofs.dumps(user.session)))

    def is_framed(self, connection: HTTPConnection) -> bool:
        """Whether the session of a request is that of an Activity in Discord."""
        return self._has_activity and is_framed(connection)

    def admits(self, user: WebUser | None) -> bool:
        """Whether the user may enter: `knows_invite`, and has proved who they are where that is asked for."""
        if user is None or not self.knows_invite(user):
            return False
        return bool(user.subject) or self._visitors is not Visitors.REFUSED

    def knows_invite(self, user: WebUser | None) -> bool:
        """Whether the user has a name and signed in with an invite word that is still valid."""
        if user is None or not user.user_id or not user.name:
            return False
        word = self._words[user.moderator]
        if word is None:
            return not user.moderator
        return hmac.compare_digest(user.word, self._fingerprint(word))

    def anonymous_user(self, *, name: str = "", subject: str = "") -> WebUser:
        """A user who has not signed in yet, perhaps with a proved account and the name that they have there."""
        return WebUser(name=name, session=secrets.token_urlsafe(16), subject=subject)

    def open_session(self, user_id: str, *, name: str, address: str) -> WebUser:
        """A new session of a known person."""
        session = secrets.token_urlsafe(16)
        return WebUser(user_id=user_id, name=name, session=session, address=address)

    def sign_in(self, user: WebUser, *, name: str, word: str) -> WebUser | None:
        """A new session with a name and the role that the word gives; None when the word is wrong.

        A visitor who was in before under the same cookie stays the same person; everybody else is a new one.
        """
        known = user.user_id if user.name else ""
        named = replace(
            self.open_session(known or secrets.token_hex(8), name=name, address=user.address),
            subject=user.subject,
        )
        for moderator in (True, False):
            wanted = self._words[moderator]
            if wanted is not None and hmac.compare_digest(word.strip().encode(), wanted.strip().encode()):
                return replace(named, word=self._fingerprint(wanted), moderator=moderator)
        return named if self._words[False] is None and not word.strip() else None

    def write(self, response: Response, user: WebUser, *, secure: bool, framed: bool = False) -> None:
        """`framed`: for the frame of an Activity, with a cookie that is secure in any case."""
        data = {
            "u": user.user_id,
            "n": user.name,
            "s": user.session,
            "w": user.word,
            "m": user.moderator,
            "i": user.subject,
        }
        if framed:
            proved = {**data, "t": user.proved_at or int(time.time())}
            set_framed_cookie(response, str(self._framed_sessions.dumps(proved)))
            return
        response.set_cookie(
            SESSION_COOKIE,
            str(self._sessions.dumps(data)),
            max_age=_SESSION_SECONDS,
            httponly=True,
            samesite="lax",
            secure=secure,
        )

    def form_token(self, user: WebUser) -> str:
        """Proves that a POST comes from a page that was rendered for this user."""
        return str(self._forms.dumps(user.session))

    def is_form_token(self, user: WebUser, token: str) -> bool:
        try:
            found: Any = self._forms.loads(token)
        except BadData:
            return False
        return bool(found == user.session)

    def upload_ticket(self, user: WebUser, source: Source) -> str:
        """An upload's place in the storage, usable by its user only. They can read it, so it contains no evidence."""
        doubt = replace(source.doubt, evidence="") if source.doubt else None
        return str(self._uploads.dumps([user.user_id, to_data(replace(source, doubt=doubt))]))

    def redeem(self, user: WebUser, ticket: str) -> Source | None:
        try:
            user_id, source = self._uploads.loads(ticket, max_age=_UPLOAD_SECONDS)
            return from_data(Source, source) if user_id == user.user_id else None
        except (BadData, ValueError, TypeError):
            return None

    def examined_ticket(self, user: WebUser, traces: Traces) -> str:
        """What a file tells of its origin, usable by its user only."""
        return str(self._examined.dumps([user.user_id, to_data(traces)]))

    def redeem_examined(self, user: WebUser, ticket: str) -> Traces | None:
        try:
            user_id, traces = self._examined.loads(ticket, max_age=_UPLOAD_SECONDS)
        except (BadData, ValueError, TypeError):
            return None
        return from_data(Traces, traces) if user_id == user.user_id else None

    def origins(self, user: WebUser) -> tuple[str, ...]:
        """The user's address and invite word, as digests that nobody can read without the secret key."""
        address = hmac.new(self._key, f"address {user.address}".encode(), hashlib.sha256).hexdigest()[:32]
        invite = (f"{INVITE}{user.word}",) if user.word else ()
        return (f"{ADDRESS}{address}", *invite)

    def _fingerprint(self, word: str) -> str:
        return hmac.new(self._key, word.strip().encode(), hashlib.sha256).hexdigest()[:32]
