"""All checks in order. One that fails in a way nobody foresaw is a finding too, and the next goes on."""

from collections.abc import Callable, Iterator

from bots.presentation.compose.errors import error_text
from chatelier.doctor import (
    discord,
    evidence,
    host,
    language_models,
    models,
    moderation,
    provenance,
    proxies,
    services,
    slack,
)
from chatelier.doctor.findings import Finding, bad, good, note
from chatelier.settings import InvalidSettingsError, Loaded, read_settings
from studio.errors import ChatelierError

_CORRECT_IT = "Correct what it names and run `chatelier doctor` again."
Check = Callable[[Loaded], Iterator[Finding]]

CHECKS: tuple[tuple[str, Check], ...] = (
    ("home", host.home),
    ("disk", host.disk),
    ("memory", host.memory),
    ("database", services.database),
    ("redis", services.redis),
    ("storage", services.storage),
    ("model", models.models),
    ("accelerator", models.accelerator),
    ("queues", models.queues),
    ("learned", models.check_measurements),
    ("policy", moderation.policy),
    ("moderators", moderation.moderators),
    ("word list", moderation.word_list),
    ("names", moderation.names),
    ("blocked pictures", moderation.blocked_pictures),
    ("evidence", evidence.evidence),
    ("urgent reports", evidence.urgent_reports),
    ("vision", moderation.check_vision),
    ("prompt safety model", moderation.check_prompt_safety_model),
    ("prompt helper", language_models.check_prompt_helper),
    ("captioner", language_models.check_captioner),
    ("mail", services.mail),
    ("provenance", provenance.chain),
    ("web", host.web_port),
    ("proxies", proxies.proxies),
    ("discord", discord.discord),
    ("slack", slack.slack),
)


def examine() -> Iterator[Finding]:
    """Findings as they are made. With unreadable settings nothing else can be looked at."""
    try:
        loaded = read_settings()
    except InvalidSettingsError as error:
        for problem in error.problems:
            yield bad(
                "settings",
                "{setting}: {fault}",
                "{fix}",
                setting=problem.setting,
                fault=problem.fault,
                fix=problem.fix,
            )
        return
    yield from _settings(loaded)
    for subject, check in CHECKS:
        yield from _guard(subject, check, loaded)


def _settings(loaded: Loaded) -> Iterator[Finding]:
    yield good(
        "settings",
        "{count} set, file {file}" if loaded.file else "{count} set, no chatelier.toml",
        count=len(loaded.origins),
        file=loaded.file,
    )
    for warning in loaded.warnings:
        yield note("settings", "{warning}", "Unset it if it is a typo.", warning=warning)
    if loaded.file and loaded.file.stat().st_mode & 0o077:
        yield note("settings", "other users may read {file}", "chmod 600 {file}", file=loaded.file)


def _guard(subject: str, check: Check, loaded: Loaded) -> Iterator[Finding]:
    try:
        yield from check(loaded)
    except ChatelierError as error:
        yield bad(subject, "{fault}", _CORRECT_IT, fault=error_text(error))
    except Exception as error:  # noqa: BLE001
        yield bad(
            subject,
            "could not be looked at ({kind}: {fault})",
            "Check what is set for {subject}; `chatelier config` shows it.",
            kind=type(error).__name__,
            fault=error,
            subject=subject,
        )
