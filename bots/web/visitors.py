"""Who is in the room: signed session cookies and the tokens that go with them."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from typing import Any

from itsdangerous import BadData, URLSafeSerializer, URLSafeTimedSerializer
from starlette.requests import HTTPConnection
from starlette.responses import Response

from bots.web.settings import WebSettings
from studio.people import Address, Person, Platform, Role
from studio.provenance import Traces
from studio.requests import Source
from studio.text import clean_text
from studio.wire import from_data, to_data

COMMUNITY = "room"
COOKIE = "chatelier_session"
LONGEST_NAME = 32
_SESSION_SECONDS = 180 * 24 * 3600
_UPLOAD_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """A browser's session. `user_id` never changes; the name may."""

    user_id: str
    name: str = ""
    word: str = ""  # fingerprint of the invite word that let the visitor in
    moderator: bool = False

    @property
    def person(self) -> Person:
        roles = {Role.MEMBER, Role.MODERATOR} if self.moderator else {Role.MEMBER}
        return Person(
            platform=Platform.WEB,
            community=COMMUNITY,
            user_id=self.user_id,
            display_name=self.name,
            roles=frozenset(roles),
        )


ROOM_ADDRESS = Address(platform=Platform.WEB, community=COMMUNITY, channel="main")


def clean_name(text: str) -> str:
    """The name as shown: one line, nothing invisible, at most 32 characters; may come out empty."""
    return clean_text(text)[:LONGEST_NAME].strip(" @")


class Passes:
    """Writes and reads everything that is signed: sessions, form tokens and tickets for uploads."""

    def __init__(self, settings: WebSettings) -> None:
        key = settings.secret_key
        self._sessions = URLSafeTimedSerializer(key, salt="session")
        self._uploads = URLSafeTimedSerializer(key, salt="upload")
        self._looks = URLSafeTimedSerializer(key, salt="look")
        self._forms = URLSafeSerializer(key, salt="form")
        self._key = key.encode()
        self._words = {False: settings.shared_secret, True: settings.moderator_secret}

    def read(self, connection: HTTPConnection) -> Visitor | None:
        """The visitor of a request, named or not; None without a genuine cookie."""
        try:
            data: Any = self._sessions.loads(connection.cookies.get(COOKIE, ""), max_age=_SESSION_SECONDS)
            return Visitor(user_id=data["u"], name=data["n"], word=data["w"], moderator=data["m"])
        except (BadData, KeyError, TypeError):
            return None

    def admits(self, visitor: Visitor | None) -> bool:
        """Whether the visitor has a name and came in with a word that is still valid."""
        if visitor is None or not visitor.name:
            return False
        word = self._words[visitor.moderator]
        if word is None:
            return not visitor.moderator
        return hmac.compare_digest(visitor.word, self._fingerprint(word))

    def newcomer(self) -> Visitor:
        return Visitor(user_id=secrets.token_hex(8))

    def let_in(self, visitor: Visitor, *, name: str, word: str) -> Visitor | None:
        """The visitor with a name and the role that the word gives; None when the word is wrong."""
        named = replace(visitor, name=name, word="", moderator=False)
        for moderator in (True, False):
            wanted = self._words[moderator]
            if wanted is not None and hmac.compare_digest(word.strip().encode(), wanted.strip().encode()):
                return replace(named, word=self._fingerprint(wanted), moderator=moderator)
        return named if self._words[False] is None and not word.strip() else None

    def write(self, response: Response, visitor: Visitor, *, secure: bool) -> None:
        data = {"u": visitor.user_id, "n": visitor.name, "w": visitor.word, "m": visitor.moderator}
        response.set_cookie(
            COOKIE,
            str(self._sessions.dumps(data)),
            max_age=_SESSION_SECONDS,
            httponly=True,
            samesite="lax",
            secure=secure,
        )

    def form_token(self, visitor: Visitor) -> str:
        """The proof that a POST comes from a page that we made for this visitor."""
        return str(self._forms.dumps(visitor.user_id))

    def knows_form(self, visitor: Visitor, token: str) -> bool:
        try:
            found: Any = self._forms.loads(token)
        except BadData:
            return False
        return bool(found == visitor.user_id)

    def upload_ticket(self, visitor: Visitor, source: Source) -> str:
        """An upload's place in the storage, usable by its visitor only, who can read it: so without evidence."""
        doubt = replace(source.doubt, evidence="") if source.doubt else None
        return str(self._uploads.dumps([visitor.user_id, to_data(replace(source, doubt=doubt))]))

    def redeem(self, visitor: Visitor, ticket: str) -> Source | None:
        try:
            user_id, source = self._uploads.loads(ticket, max_age=_UPLOAD_SECONDS)
            return from_data(Source, source) if user_id == visitor.user_id else None
        except (BadData, ValueError, TypeError):
            return None

    def look_ticket(self, visitor: Visitor, traces: Traces) -> str:
        """What a file tells of where it comes from, to be asked about by its visitor only."""
        return str(self._looks.dumps([visitor.user_id, to_data(traces)]))

    def redeem_look(self, visitor: Visitor, ticket: str) -> Traces | None:
        try:
            user_id, traces = self._looks.loads(ticket, max_age=_UPLOAD_SECONDS)
        except (BadData, ValueError, TypeError):
            return None
        return from_data(Traces, traces) if user_id == visitor.user_id else None

    def _fingerprint(self, word: str) -> str:
        return hmac.new(self._key, word.strip().encode(), hashlib.sha256).hexdigest()[:32]
