"""Passkeys as an authenticator without a browser answers, and answers that are worth nothing."""

import base64
import hashlib
import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from itsdangerous import TimestampSigner
from webauthn.helpers import encode_cbor

from bots.web.access.activity_frame import SESSION_COOKIE
from studio.db.identities import sign_ins
from studio.db.identities.sign_ins import Method, SignIn
from studio.domain.people import Person, Platform
from studio.ports import Ports
from tests.support.web_client import ADDRESS, Browser, WebServer, web_settings

CREDENTIAL = b"the passkey of Ana"


@pytest.fixture
def web(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    monkeypatch.setattr("bots.web.routes.sign_in.login._WRONG_WORD_SECONDS", 0)
    with WebServer(ports, web_settings()) as web:
        yield web


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Authenticator:
    """Signs as section 7.2 of WebAuthn Level 3 has it, with a key on the curve P-256."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.count = 0

    def register(self, web: WebServer, browser: Browser) -> None:
        point = self._key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        person = Person.key_of(Platform.WEB, "room", browser.user_id)
        subject = Method.PASSKEY.subject(encoded(CREDENTIAL))
        with web.ports.database.begin() as session:
            assert sign_ins.save_sign_in(
                session, SignIn(subject=subject, person_key=person, public_key=encode_cbor(public))
            )

    def answer(self, challenge: str, *, site: str = ADDRESS) -> dict[str, Any]:
        """To the challenge of the options, with the count as it stands."""
        client = {"type": "webauthn.get", "challenge": challenge, "origin": site}
        client_data = json.dumps(client).encode()
        data = (
            hashlib.sha256((urlsplit(site).hostname or "").encode()).digest()
            + bytes([0b101])
            + self.count.to_bytes(4, "big")
        )
        signature = self._key.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(hashes.SHA256()))
        parts = {"clientDataJSON": client_data, "authenticatorData": data, "signature": signature}
        response = {name: encoded(value) for name, value in parts.items()}
        identity = encoded(CREDENTIAL)
        return {"id": identity, "rawId": identity, "type": "public-key", "response": response}


def challenge_of(browser: Browser) -> dict[str, Any]:
    browser.front_page()
    found: dict[str, Any] = browser.client.post(
        "/sign-in/passkey/options", headers={"origin": ADDRESS}
    ).json()
    return found


def send(browser: Browser, options: dict[str, Any], answer: dict[str, Any]) -> int:
    body = json.dumps({"answer": answer, "challenge": options["challenge"]})
    status: int = browser.client.post(
        "/sign-in/passkey", content=body, headers={"origin": ADDRESS}
    ).status_code
    return status


@pytest.fixture
def device(web: WebServer) -> Authenticator:
    """It has Ana's passkey."""
    made = Authenticator()
    made.register(web, web.user("Ana"))
    return made


def test_an_answer_signs_in_once_also_of_a_device_that_does_not_count(
    web: WebServer, device: Authenticator
) -> None:
    browser = web.browser()
    options = challenge_of(browser)
    recorded, cookie = device.answer(options["options"]["challenge"]), browser.client.cookies[SESSION_COOKIE]
    assert send(browser, options, recorded) == 200
    assert '"me":' in browser.front_page()
    thief = web.browser()
    thief.client.cookies.set(SESSION_COOKIE, cookie)
    assert send(thief, options, recorded) == 403


def test_a_challenge_is_worthless_in_another_browser_on_another_site_and_later(
    web: WebServer, device: Authenticator, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, thief = web.browser(), web.browser()
    options = challenge_of(browser)
    challenge = options["options"]["challenge"]
    challenge_of(thief)
    assert send(thief, options, device.answer(challenge)) == 403
    assert send(browser, options, device.answer(challenge, site="http://elsewhere.example")) == 403
    other = challenge_of(browser)
    assert send(browser, options, device.answer(other["options"]["challenge"])) == 403
    with monkeypatch.context() as later:
        in_six_minutes = int(time.time()) + 360
        later.setattr(TimestampSigner, "get_timestamp", lambda _signer: in_six_minutes)
        assert send(browser, options, device.answer(challenge)) == 403
    assert send(browser, options, device.answer(challenge)) == 200


def test_a_copied_authenticator_and_a_removed_passkey_let_nobody_in(
    web: WebServer, device: Authenticator
) -> None:
    device.count = 7
    browser = web.browser()
    options = challenge_of(browser)
    assert send(browser, options, device.answer(options["options"]["challenge"])) == 200
    for count in (6, 7):
        device.count = count
        copy = web.browser()
        options = challenge_of(copy)
        assert send(copy, options, device.answer(options["options"]["challenge"])) == 403
    browser.post("/sign-in/remove", Method.PASSKEY.subject(encoded(CREDENTIAL)))
    device.count = 8
    options = challenge_of(copy)
    assert send(copy, options, device.answer(options["options"]["challenge"])) == 403
