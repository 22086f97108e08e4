"""Prompts that a language model proposes: judged before anybody sees them, and painted only when they are pressed."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from studio.commands.parameter_values import Kind, Parameter
from studio.commands.spec import Call
from studio.commands.submission.submit import admission_of, refuse_words
from studio.db import queries
from studio.db.identities.people import lock_person
from studio.db.prompts.proposals import save_proposal
from studio.domain.prompts.proposal import MOST_SUGGESTED, PromptsProposed
from studio.domain.requests import PaintRequest
from studio.domain.verdicts import Ruling, Verdict
from studio.errors import BadRequestError, HelperUnavailableError
from studio.ports import Ports, PromptHelper

IMAGINE, REMIX = "imagine", "remix"
SUGGEST = Parameter(
    name="suggest",
    kind=Kind.SWITCH,
    summary="Propose three fuller prompts first; you choose what is painted.",
)
# What would be read as alternatives, weights or flags of a command.
_MARKS = ("{", "}", "--", "<", ">")


def suggest_prompts(
    ports: Ports, call: Call, request: PaintRequest, *, waiting: Mapping[str, Any]
) -> PromptsProposed:
    """For /imagine. `waiting` is the command as it will be carried out, but for its prompt.

    Raises `PolicyRefusalError` for words that the rules refuse, which leave this machine never, and
    `HelperUnavailableError`.
    """
    helper = require_helper(ports)
    ports.gate.require_not_banned(call.person)
    ports.gate.check_command_rate(call.person, SUGGEST.name)
    require_allowed(ports, call, IMAGINE, request)
    prompts = helper.suggest(request.prompt, count=MOST_SUGGESTED)
    return _propose(ports, call, IMAGINE, _find_allowed(ports, call, IMAGINE, request, prompts), waiting)


def rewrite_prompt(
    ports: Ports, call: Call, request: PaintRequest, *, prompt: str, waiting: Mapping[str, Any]
) -> PromptsProposed:
    """For /rewrite: `request` is a remix by the words of the change, `prompt` that of the picture. Raises as above."""
    helper = require_helper(ports)
    require_allowed(ports, call, REMIX, request)
    rewritten = helper.rewrite(prompt, request.prompt)
    return _propose(ports, call, REMIX, _find_allowed(ports, call, REMIX, request, [rewritten]), waiting)


def require_helper(ports: Ports) -> PromptHelper:
    """Raises `BadRequestError` where none is set up."""
    if ports.prompt_helper is None:
        raise BadRequestError("no_prompt_helper")
    return ports.prompt_helper


def require_allowed(ports: Ports, call: Call, command: str, request: PaintRequest) -> None:
    """Raises `PolicyRefusalError` for what a moderator would have to see first, too: as where it is painted, that
    counts and is kept.
    """
    verdict = _judge(ports, call, command, request)
    if verdict.ruling is not Ruling.ALLOW:
        refuse_words(ports, call, command, request)
        raise verdict.refusal()


def _find_allowed(
    ports: Ports, call: Call, command: str, request: PaintRequest, prompts: Iterable[str]
) -> list[str]:
    """Those that nobody would have to look at. Raises `HelperUnavailableError` where none is left."""
    found = []
    for prompt in dict.fromkeys(prompts):
        asked = replace(request, prompt=prompt, prompts=())
        is_plain = not any(mark in prompt for mark in _MARKS)
        if is_plain and _judge(ports, call, command, asked).ruling is Ruling.ALLOW:
            found.append(prompt)
    if not found:
        raise HelperUnavailableError(reason="nothing")
    return found


def _judge(ports: Ports, call: Call, command: str, request: PaintRequest) -> Verdict:
    with ports.database.read() as session:
        outstanding = queries.outstanding_jobs(session, call.person.key)
        admission = admission_of(session, call, command, request, outstanding=outstanding)
    return ports.gate.review(admission)


def _propose(
    ports: Ports, call: Call, command: str, prompts: list[str], waiting: Mapping[str, Any]
) -> PromptsProposed:
    data = {"command": dict(waiting)}
    with ports.database.begin() as session:
        lock_person(session, call.person)
        proposal = save_proposal(session, call.person.key, command, data, prompts)
    return PromptsProposed(proposal=proposal)
