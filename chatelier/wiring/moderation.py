"""The moderation gate with the policy and the rules of this installation."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from chatelier.settings import Settings
from chatelier.wiring.instance import instance_limits
from chatelier.wiring.stored_secret import load_or_create_secret
from studio.db.database import Database
from studio.domain.people import Platform
from studio.errors import ConfigurationError

if TYPE_CHECKING:
    from moderation.cases.side_effects import SideEffects
    from moderation.gate import ModerationGate
    from moderation.limits.rate_limiter import Limiter
    from moderation.policy.categories import Category
    from moderation.policy.policy import Policy
    from moderation.records.encryption import EvidenceCipher
    from moderation.remote.chat_model import ChatModel
    from moderation.remote.safety_model import SafetyModel, Scene
    from moderation.rules.prompt import PromptRule
    from moderation.vision.analysis_process import ImageAnalyzer

EVIDENCE_KEY_FILE = "evidence-key"  # in the home folder


def open_gate(
    settings: Settings,
    database: Database,
    *,
    redis_url: str | None,
    holds: bool | None = None,
    side_effects: "SideEffects | None" = None,
    analyzer: "ImageAnalyzer | None" = None,
) -> "ModerationGate":
    """The moderation policy with the community's own words and pictures. Raises `ConfigurationError`.

    A process without an `analyzer` is one that generates. It has torch, and judges pictures with the safety model of a
    local folder too.
    """
    from moderation.context import ModeratedPlaces, ModerationContext
    from moderation.gate import ModerationGate
    from moderation.rules.image import default_image_rules
    from moderation.rules.prompt_judge import PromptJudge

    policy = instance_policy(settings)
    invites_moderators = bool(settings.web.moderator_invite)
    places = ModeratedPlaces(
        holds=settings.moderation.holds if holds is None else holds,
        watched=frozenset({Platform.WEB} if invites_moderators else ()),
        unmoderated=frozenset(() if invites_moderators else {Platform.WEB}),
    )
    return ModerationGate(
        ModerationContext(
            database=database,
            places=places,
            limits=instance_limits(settings),
            side_effects=side_effects,
            cipher=evidence_cipher(settings),
        ),
        limiter=_limiter(settings, redis_url),
        prompt_judge=PromptJudge(policy=policy, rules=prompt_rules(settings, policy)),
        image_rules=default_image_rules(
            blocked_pictures=settings.moderation.blocked_pictures,
            known_abuse=settings.moderation.known_abuse,
            policy=policy,
            safety_models=safety_models(settings, generates=analyzer is None),
        ),
        analyzer=analyzer,
    )


def evidence_cipher(settings: Settings) -> "EvidenceCipher":
    """With the key of the settings, or one that the installation keeps. It is made when it is first needed."""
    from moderation.records.encryption import EvidenceCipher

    def find_key() -> bytes:
        secret = settings.moderation.evidence_key
        word = (
            secret.get_secret_value() if secret else load_or_create_secret(settings.home, EVIDENCE_KEY_FILE)
        )
        return hashlib.sha256(word.encode()).digest()

    return EvidenceCipher(find_key)


def _limiter(settings: Settings, redis_url: str | None) -> "Limiter":
    from moderation.limits.rate_limiter import Limiter
    from moderation.limits.settings import LimitSettings
    from studio.gcra import RateSettings

    limits = settings.limits
    return Limiter(
        LimitSettings(
            burst=RateSettings(requests=limits.per_10_seconds, seconds=10),
            sustained=RateSettings(requests=limits.per_hour, seconds=3600),
            newcomer=RateSettings(requests=limits.newcomer_per_hour, seconds=3600),
            refused=RateSettings(requests=limits.refused_per_10_minutes, seconds=600),
            uploads=RateSettings(requests=limits.uploads_per_10_minutes, seconds=600),
            community=RateSettings(requests=limits.community_per_minute, seconds=60),
            everybody=RateSettings(requests=limits.everybody_per_minute, seconds=60),
            address_people=limits.newcomers_per_address,
            invite_people=limits.newcomers_per_invite,
        ),
        redis_url=redis_url,
    )


class LocalSafetyModel:
    """ShieldGemma 2 or LlavaGuard from a folder, as the image rules ask a larger model."""

    def __init__(self, folder: Path) -> None:
        from engine.adapters.safety.local_guard import LocalGuard

        self._model = LocalGuard(folder)

    def judge(self, scene: "Scene") -> "Mapping[Category, float]":
        """Raises whatever the model raises: the picture is not shown then."""
        from moderation.policy.categories import Category

        found = self._model.judge(scene.image)
        return {Category[name.upper()]: score for name, score in found.items()}


def safety_models(settings: Settings, *, generates: bool) -> "tuple[SafetyModel, ...]":
    """The larger models that look at pictures: behind an address, and in a process with torch from a folder."""
    remote, folder = safety_model(settings), settings.moderation.safety_folder
    local = LocalSafetyModel(folder) if folder is not None and generates else None
    return tuple(model for model in (remote, local) if model is not None)


def safety_model(settings: Settings) -> "SafetyModel | None":
    """The larger model that looks at pictures, if one is set."""
    from moderation.remote.chat_model import open_model

    moderation = settings.moderation
    if moderation.safety_url is None:
        return None
    token = moderation.safety_token.get_secret_value() if moderation.safety_token else None
    seconds = moderation.safety_timeout_seconds
    return open_model(
        moderation.safety_url, moderation.safety_chat_model, token=token, timeout_seconds=seconds
    )


def prompt_safety_model(settings: Settings) -> "ChatModel | None":
    """The larger model that judges prompts, if one is set."""
    from moderation.remote.chat_model import ChatModel
    from studio.chat_models.json_client import JsonClient

    moderation = settings.moderation
    if moderation.prompt_safety_url is None:
        return None
    token = moderation.prompt_safety_token.get_secret_value() if moderation.prompt_safety_token else None
    seconds = moderation.safety_timeout_seconds
    client = JsonClient(moderation.prompt_safety_url, token=token, timeout_seconds=seconds)
    return ChatModel(client, moderation.prompt_safety_model)


def instance_policy(settings: Settings) -> "Policy":
    """Raises `ConfigurationError` with every fault of the policy file."""
    from moderation.policy.policy import default_policy, read_policy

    path = settings.moderation.policy
    return read_policy(path) if path else default_policy()


def prompt_rules(settings: Settings, policy: "Policy") -> "tuple[PromptRule, ...]":
    """Raises `ConfigurationError` when one of the community's lists cannot be read."""
    from moderation.rules.larger_text_model import LargerTextModel
    from moderation.rules.prompt import default_prompt_rules

    path = settings.moderation.word_list
    larger = prompt_safety_model(settings)
    try:
        rules = default_prompt_rules(community_words=path, names=settings.moderation.names, policy=policy)
        return (*rules, LargerTextModel(larger)) if larger else rules
    except (OSError, UnicodeDecodeError) as error:
        if path is None:
            raise
        raise ConfigurationError(
            f"CHATELIER_MODERATION__WORD_LIST: {path} cannot be read. It has to be a text file in UTF-8."
        ) from error
