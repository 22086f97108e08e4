"""The catalogue: every command, and what every reaction and button means. All front ends are built from it."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from studio.clock import now
from studio.coded_text import CodedText
from studio.commands.account import (
    cancel,
    credits,
    export_me,
    forget_me,
    help,
    history,
    link,
    queue,
    settings,
)
from studio.commands.button_ids import Action, Button, gather_values
from studio.commands.gatherings import enter, gather, hall
from studio.commands.gatherings.opening import opening_spec
from studio.commands.generation import (
    blend,
    edit,
    expand,
    fullsize,
    imagine,
    remix,
    reroll,
    upscale,
    vary,
)
from studio.commands.moderation import (
    answer,
    appeal,
    ban,
    cases,
    community_rules,
    person,
    report,
    review,
    unban,
    words,
)
from studio.commands.named_pictures import names_any, require_visible
from studio.commands.parameter_values import Kind
from studio.commands.pictures import (
    alt,
    collect,
    delete,
    describe,
    lineage,
    publish,
    share,
    show,
    star,
    whose,
)
from studio.commands.proposals import proposal, rewrite
from studio.commands.results import Accepted, Answer
from studio.commands.spec import Call, CommandSpec
from studio.commands.styles import style
from studio.commands.submission.early_refusals import refuse_early
from studio.commands.submission.prompt_hints import send_hints
from studio.db.callers.caller_facts import remember_caller
from studio.db.sessions.read_memo import remember_reads
from studio.domain.cases import Decision
from studio.errors import UnknownCommandError
from studio.gatherings.registry import KINDS
from studio.parsing.foreign_syntax import without_foreign_syntax
from studio.ports import Ports
from studio.tracing import tracer

_OTHERS: Mapping[str, CommandSpec] = {
    module.SPEC.name: module.SPEC
    for module in (
        imagine,
        fullsize,
        vary,
        edit,
        expand,
        blend,
        upscale,
        reroll,
        remix,
        rewrite,
        proposal,
        show,
        star,
        alt,
        describe,
        share,
        publish,
        collect,
        lineage,
        whose,
        queue,
        history,
        credits,
        cancel,
        delete,
        settings,
        style,
        link,
        export_me,
        forget_me,
        report,
        appeal,
        answer,
        community_rules,
        cases,
        review,
        ban,
        unban,
        words,
        person,
        gather,
        enter,
        hall,
    )
} | {spec.name: spec for spec in map(opening_spec, KINDS.values())}


def find_command(name: str, *, others: Sequence[str] = ()) -> CommandSpec:
    """Raises `UnknownCommandError` with the nearest name, also of `others` that may be typed there."""
    wanted = name.strip().lstrip("/").lower()
    if spec := CATALOG.get(wanted) or FORMER_COMMANDS.get(wanted):
        return spec
    nearest = difflib.get_close_matches(wanted[:32], [*others, *CATALOG], n=1)
    raise UnknownCommandError(wanted, nearest=nearest[0] if nearest else None)


CATALOG: Mapping[str, CommandSpec] = {help.NAME: help.help_spec(find_command), **_OTHERS}

# Commands that were renamed work under their former names too, for one version.
FORMER_COMMANDS: Mapping[str, CommandSpec] = {spec.name: spec for spec in community_rules.FORMER_SPECS}

# Reactions on a message that shows a job: the emoji, its action, and the tile it speaks of (0: the job).
# Upscale, star and report speak of the first picture when the message shows several.
REACTIONS: Mapping[str, tuple[Action, int]] = {
    "1️⃣": (Action.VARY, 1),
    "2️⃣": (Action.VARY, 2),
    "3️⃣": (Action.VARY, 3),
    "4️⃣": (Action.VARY, 4),
    "🔁": (Action.REROLL, 0),
    "⬆️": (Action.UPSCALE, 1),
    "⭐": (Action.STAR, 1),
    "❌": (Action.DELETE, 0),
    "🚩": (Action.REPORT, 1),
}


def execute(ports: Ports, call: Call, name: str, values: Mapping[str, object]) -> Answer:
    """Carry out a command that a person typed, filled in or clicked. Raises a `ChatelierError`."""
    with remember_reads():
        return _execute(ports, call, name, values)


def _execute(ports: Ports, call: Call, name: str, values: Mapping[str, object]) -> Answer:
    began = now()
    spec = find_command(name)
    values, hints = _in_our_syntax(spec, values)
    command = spec.read(values)
    if spec.paints:
        remember_caller(ports.database, call.person)
    if not spec.open_to_banned and not spec.paints:  # what paints is asked at the gate anyway
        ports.gate.require_not_banned(call.person)
    if spec.rationed:
        ports.gate.check_command_rate(call.person, spec.name)
    if names_any(spec, values):
        with ports.database.read() as session:
            require_visible(session, call, spec, values)
    answer: Answer = spec.handle(ports, call, command)
    send_hints(ports, call, hints)
    if isinstance(answer, Accepted) and not answer.repeated:
        tracer().record("command", answer.job_id, since=began, first=True, command=spec.name)
    return answer


def check(ports: Ports, call: Call, name: str, values: Mapping[str, object]) -> None:
    """Raise what a quick look finds wrong with a command that leads to a job. Changes nothing.

    An upload that is not received yet is any `Source` in `values`. Raises a `ChatelierError`.
    """
    spec = find_command(name)
    values, _hints = _in_our_syntax(spec, values)
    command = spec.read(values)
    with remember_reads():
        remember_caller(ports.database, call.person)
        if spec.check:
            spec.check(ports, call, command)
        refuse_early(ports, call, spec, values)


def _in_our_syntax(
    spec: CommandSpec, values: Mapping[str, object]
) -> tuple[Mapping[str, object], Sequence[CodedText]]:
    """The values, with a prompt that holds nothing of other tools that would be painted as words."""
    prompt = values.get("prompt")
    if not spec.paints or not isinstance(prompt, str):
        return values, ()
    words, hints = without_foreign_syntax(prompt)
    return {**values, "prompt": words}, hints


def command_of_button(button: Button) -> tuple[str, dict[str, object]]:
    """The command that a button or a reaction stands for, with its values: the command of its name, unless `_PRESSED`
    has another.

    `REMIX` and `EDIT` need words: a front end asks for them before it calls `execute`. `MORE`, `SEND` and `REVEAL` are
    carried out by the front end itself; here they look up what they are about.
    """
    if differs := _PRESSED.get(button.action):
        return differs(button)
    spec = CATALOG[button.action]
    about = next((known for known in spec.parameters if known.kind in (Kind.PICTURE, Kind.JOB)), None)
    if about is None:
        return spec.name, {}
    return spec.name, {about.name: button.job_id if about.kind is Kind.JOB else button.picture_id}


def _decide(decision: Decision, button: Button) -> tuple[str, dict[str, object]]:
    return "review", {"case": button.job_id, "decision": decision}


def _gather(button: Button) -> tuple[str, dict[str, object]]:
    return "gather", gather_values(button)


_PRESSED: Mapping[Action, Callable[[Button], tuple[str, dict[str, object]]]] = {
    Action.VARY_SUBTLE: lambda button: ("vary", {"picture": button.picture_id, "strength": "subtle"}),
    Action.ENOUGH: lambda button: ("cancel", {"job": button.job_id, "keep": True}),
    Action.PROPOSED: lambda button: (
        "proposal",
        {"proposal": button.job_id, "number": button.index or 1},
    ),
    Action.REFERENCE: lambda button: ("imagine", {"ref": button.picture_id}),
    Action.APPEAL: lambda button: ("appeal", {"job": button.picture_id or button.job_id}),
    Action.DELETE: lambda button: ("delete", {"what": button.picture_id or button.job_id}),
    Action.WHO: lambda button: ("lineage", {"picture": button.picture_id}),
    Action.MORE: lambda button: ("show", {"job": button.job_id}),
    Action.SEND: lambda button: ("show", {"job": button.job_id}),
    Action.CLAIM: lambda button: ("review", {"case": button.job_id}),
    Action.REVEAL: lambda _each: ("cases", {}),
    **{
        Action(decision): partial(_decide, decision)  # a decision's action has its name
        for decision in Decision
    },
    Action.BLEND_TRAY: lambda _button: ("blend", {"collected": "yes"}),
    Action.LOCKDOWN: lambda _button: ("community", {"setting": "lockdown", "value": "all"}),
    Action.EMPTY_TRAY: lambda _button: ("collect", {"do": "empty"}),
    Action.HALL: lambda button: ("hall", {"page": button.index or 1}),
    Action.LEADERBOARD: lambda _button: ("hall", {"show": hall.BUILT_ON}),
    Action.GATHER: _gather,
    Action.GATHER_ASK: _gather,
    Action.GATHER_SHOW: _gather,
    Action.CONSENT: lambda button: ("answer", {"case": button.job_id, "answer": "yes"}),
    Action.DECLINE: lambda button: ("answer", {"case": button.job_id, "answer": "no"}),
}
