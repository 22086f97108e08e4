"""The command that opens a gathering: one for each kind, made from the kind's own description."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from studio.commands.gathering_results import GatheringOpened
from studio.commands.gatherings.chosen_channel import CHANNEL, choose_channel
from studio.commands.gatherings.painting import submit_wanted
from studio.commands.parameter_values import Kind, Parameter
from studio.commands.spec import Call, CommandSpec
from studio.commands.submission.allowed_models import require_channel_model
from studio.commands.submission.submit import require_open
from studio.db import credit_ledger, outbox, sql_dialects
from studio.db.gatherings import ballot_rows, gathering_rows
from studio.db.gatherings.sponsors import set_aside
from studio.db.identities.linked_identities import human_of
from studio.db.identities.people import lock_person
from studio.db.settings import community_rules
from studio.db.tables import GatheringRow
from studio.domain.gatherings import Gathering
from studio.domain.identifiers import job_id_of
from studio.domain.people import Address
from studio.domain.requests import Source
from studio.domain.settings.communities import CommunityRules
from studio.errors import BadParameterError
from studio.errors.gatherings import GatheringRefusedError, Refusal
from studio.gatherings.kind import GatheringKind, Turn
from studio.gatherings.kind_description import FROM_CHANNEL, PAYER, PRIZE, Opening, Option, OptionKind
from studio.gatherings.limits import require_host, require_room
from studio.ports import Allowance, Ports

SPONSOR = "sponsor"
_QUOTED = re.compile(r'^["“”„«](.*)["“”»]$', re.DOTALL)  # as people write a title
_SPONSOR_PARAMETER = Parameter(
    name=SPONSOR,
    kind=Kind.INTEGER,
    summary="Credits of yours that you set aside for everybody's pictures.",
    minimum=1,
    maximum=1_000_000,
)
_KINDS: Mapping[OptionKind, Kind] = {
    OptionKind.WORDS: Kind.TEXT,
    OptionKind.NUMBER: Kind.INTEGER,
    OptionKind.CHOICE: Kind.CHOICE,
    OptionKind.DURATION: Kind.DURATION,
    OptionKind.PICTURE: Kind.PICTURE,
    OptionKind.JOB: Kind.JOB,
    OptionKind.IMAGE: Kind.IMAGE,
    OptionKind.STYLE: Kind.STYLE,
    OptionKind.MODEL: Kind.MODEL,
    OptionKind.ASPECT: Kind.ASPECT,
    OptionKind.TIME_OF_DAY: Kind.TEXT,
    OptionKind.CHANNEL: Kind.TEXT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenGathering:
    """The values of the options, as they were read."""

    values: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def of(cls, **values: object) -> "OpenGathering":
        return cls(values=values)


def open_gathering(
    ports: Ports, call: Call, command: OpenGathering, *, kind: GatheringKind, parent_id: str | None = None
) -> GatheringOpened:
    """Open one where it was asked for, or in the channel that an option names, once for each request.

    Raises `GatheringRefusedError`, `WrongChannelError`, `CommunityPausedError` and what the kind raises.
    """
    rules = dict(_rules(kind, command.values))
    asked_in = call.address
    named = rules.pop(CHANNEL, None)
    call = choose_channel(ports.database, call, None if named is None else str(named))
    allowance = ports.gate.allowance(call.person)
    ports.gate.require_not_banned(call.person)
    with ports.database.begin() as session:
        lock_person(session, call.person)
        gathering_id = job_id_of(f"gathering:{call.request_key}")
        if session.scalar(select(GatheringRow.id).where(GatheringRow.id == gathering_id)):
            return GatheringOpened(gathering_id=gathering_id, repeated=True)
        require_open(session, call)
        if model := rules.get("model"):
            require_channel_model(ports, session, call, str(model))
        community = community_rules(session, *call.person.home)
        require_host(community, call.person, allowance.tier, call.address)
        require_room(session, kind.name, call.address)
        turn = _begin(session, call, kind, gathering_id, rules, parent_id)
        if rules.get(PRIZE) and rules.get(PAYER) == FROM_CHANNEL:
            _take_from_pool(turn, call, community, int(rules[PRIZE]))
        else:
            _sponsor(turn, call, allowance, rules.get(PRIZE) or command.values.get(SPONSOR))
        events = [*turn.finish()]
    outbox.send(ports.database, ports.events, events)
    if turn.wants:
        submit_wanted(ports, gathering_id)
    elsewhere = call.address.channel if call.address is not asked_in else ""
    return GatheringOpened(gathering_id=gathering_id, channel=elsewhere)


def _begin(
    session: Session,
    call: Call,
    kind: GatheringKind,
    gathering_id: str,
    rules: dict[str, str | int],
    parent_id: str | None,
) -> Turn:
    at = sql_dialects.database_now(session)
    row = gathering_rows.add_gathering(
        session,
        Gathering(
            id=gathering_id,
            kind=kind.name,
            address=place_of(call.address),
            host=call.person.key,
            state=kind.first,
            opened_at=at,
            rules=rules,
            parent_id=parent_id,
        ),
    )
    turn = Turn(session=session, kind=kind, row=row, at=at, changed=True)
    human = human_of(session, call.person.key)
    ballot_rows.join(session, gathering_id, human=human, person_key=call.person.key, at=at)
    kind.begin(turn, Opening(person=call.person, human=human, rules=rules))
    return turn


def _sponsor(turn: Turn, call: Call, allowance: Allowance, amount: object) -> None:
    """Raises `OutOfCreditsError`."""
    if not isinstance(amount, int) or amount < 1:
        return
    limited = allowance.monthly_credits is not None
    if allowance.monthly_credits is not None:
        credits = allowance.monthly_credits
        credit_ledger.grant_monthly(turn.session, call.person.key, credits=credits, at=turn.at)
    set_aside(turn.session, turn.row, amount, limited=limited, at=turn.at)


def _take_from_pool(turn: Turn, call: Call, community: CommunityRules, amount: int) -> None:
    """A prize of the channel's credits. Raises `GatheringRefusedError` and `OutOfCreditsError`."""
    if not call.person.moderates:
        raise GatheringRefusedError(Refusal.MODERATORS_ONLY)
    place = next((place for place in call.address.places if place in community.pools), None)
    if place is None:
        raise GatheringRefusedError("no_pool", kind=turn.kind.name)
    pool = credit_ledger.pool_account(*call.address.home, place)
    key, credits = call.person.key, community.pools[place]
    credit_ledger.grant_pool(turn.session, pool, key, credits=credits, at=turn.at)
    set_aside(turn.session, turn.row, amount, limited=True, at=turn.at, pool=pool)


def place_of(address: Address) -> Address:
    """Where a gathering is, without what belongs to one interaction."""
    return replace(address, token=None, token_expires_at=None, message=None)


def _rules(kind: GatheringKind, values: Mapping[str, object]) -> Iterator[tuple[str, str | int]]:
    """The options with their defaults, as they are stored. Raises `BadParameterError`."""
    for option in kind.options:
        value = values.get(option.name, option.default)
        if value is None and option.kind is OptionKind.DURATION and option.name in values:
            raise BadParameterError(option.name, "for_good")
        if value is not None:
            yield option.name, _value_to_store(option, value)


def _value_to_store(option: Option, value: object) -> str | int:
    match value:
        case timedelta():
            return _within(option, int(value.total_seconds()))
        case Source():
            return value.key
        case int() | float():
            return int(value)
        case _ if option.kind is OptionKind.WORDS:
            return _QUOTED.sub(r"\1", str(value))
        case _:
            return str(value)


def _within(option: Option, seconds: int) -> int:
    low, high = option.minimum or 1, option.maximum or seconds
    if not low <= seconds <= high:
        raise BadParameterError(
            option.name, "out_of_range", low=_duration_words(low), high=_duration_words(high)
        )
    return seconds


def _duration_words(seconds: int) -> str:
    """``10m``, ``12h``, ``7d``, as people write durations."""
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def _parameter(option: Option, *, positional: bool) -> Parameter:
    is_number = option.kind is OptionKind.NUMBER
    return Parameter(
        name=option.name,
        kind=_KINDS[option.kind],
        summary=option.summary,
        required=option.required,
        positional=positional,
        minimum=option.minimum if is_number else None,
        maximum=option.maximum if is_number else None,
        choices=option.choices,
        max_length=option.max_length,
    )


def opening_spec(kind: GatheringKind) -> CommandSpec:
    """The command of a kind. Its first option may be given without a name, and words instead of a picture, too."""
    build: Callable[..., Any] = OpenGathering.of
    return CommandSpec(
        name=kind.command,
        summary=kind.summary,
        example=kind.example,
        build=build,
        handle=partial(open_gathering, kind=kind),
        parameters=(
            *(
                _parameter(option, positional=number <= _last_positional(kind))
                for number, option in enumerate(kind.options)
            ),
            *((_SPONSOR_PARAMETER,) if kind.sponsored else ()),
        ),
        paints=False,
        rationed=True,
    )


def _last_positional(kind: GatheringKind) -> int:
    """The number of the last option that may be given without a name, counted from 0."""
    begins = tuple(option.kind for option in kind.options[:2])
    return 1 if begins == (OptionKind.PICTURE, OptionKind.WORDS) else 0
