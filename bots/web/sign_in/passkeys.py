"""Passkeys (WebAuthn Level 3): a key pair in the person's device, whose public half is kept here."""

import json
from dataclasses import dataclass

from itsdangerous import BadData, URLSafeTimedSerializer
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

_CHALLENGE_SECONDS = 300


class PasskeyRefusedError(Exception):
    """The answer of the authenticator does not prove anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The site that passkeys belong to: `name` is its host, `origin` what the browser writes into its answer."""

    name: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    credential: str
    public_key: bytes
    sign_count: int


class Passkeys:
    """Makes challenges and verifies the answers. A challenge ends after five minutes and holds for one session."""

    def __init__(self, key: str, *, app_name: str) -> None:
        self._app_name = app_name
        self._challenges = URLSafeTimedSerializer(key, salt="passkey")

    def registration_options(
        self, site: Site, *, session: str, user_id: str, name: str, known: list[str]
    ) -> dict[str, object]:
        """What `navigator.credentials.create` takes. `known` are the credentials that this person has already."""
        options = generate_registration_options(
            rp_id=site.name,
            rp_name=self._app_name,
            user_id=user_id.encode(),
            user_name=name,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.PREFERRED,
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=base64url_to_bytes(id)) for id in known],
        )
        return {
            "options": json.loads(options_to_json(options)),
            "challenge": self._sign(options.challenge, session),
        }

    def authentication_options(self, site: Site, *, session: str) -> dict[str, object]:
        """What `navigator.credentials.get` takes; the device says which person it is."""
        options = generate_authentication_options(rp_id=site.name)
        return {
            "options": json.loads(options_to_json(options)),
            "challenge": self._sign(options.challenge, session),
        }

    def verify_new(self, site: Site, answer: dict[str, object], challenge: str, *, session: str) -> Passkey:
        """Raises `PasskeyRefusedError`."""
        try:
            verified = verify_registration_response(
                credential=answer,
                expected_challenge=self._challenge(challenge, session),
                expected_rp_id=site.name,
                expected_origin=site.origin,
            )
        except (WebAuthnException, ValueError, TypeError, KeyError) as error:
            raise PasskeyRefusedError from error
        return Passkey(
            credential=bytes_to_base64url(verified.credential_id),
            public_key=verified.credential_public_key,
            sign_count=verified.sign_count,
        )

    def verify_use(
        self, site: Site, answer: dict[str, object], challenge: str, *, session: str, passkey: Passkey
    ) -> Passkey:
        """The passkey with its new count. Raises `PasskeyRefusedError`."""
        try:
            verified = verify_authentication_response(
                credential=answer,
                expected_challenge=self._challenge(challenge, session),
                expected_rp_id=site.name,
                expected_origin=site.origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.sign_count,
            )
        except (WebAuthnException, ValueError, TypeError, KeyError) as error:
            raise PasskeyRefusedError from error
        return Passkey(
            credential=passkey.credential, public_key=passkey.public_key, sign_count=verified.new_sign_count
        )

    def _sign(self, challenge: bytes, session: str) -> str:
        return str(self._challenges.dumps([bytes_to_base64url(challenge), session]))

    def _challenge(self, signed: str, session: str) -> bytes:
        try:
            challenge, owner = self._challenges.loads(signed, max_age=_CHALLENGE_SECONDS)
        except BadData as error:
            raise ValueError("no challenge of ours") from error
        if owner != session:
            raise ValueError("a challenge of another session")
        return base64url_to_bytes(challenge)
