"""From a press, a form or a typed verb to a move of a gathering: one transaction, then its jobs and events."""

from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from studio.commands.gathering_results import GatheringActed
from studio.commands.gatherings.painting import paint_part, submit_wanted
from studio.commands.spec import Call
from studio.db import outbox
from studio.db.gatherings import gathering_rows
from studio.db.identities.linked_identities import humans_of, identities
from studio.db.identities.people import find_person, lock_person
from studio.db.settings import community_rules
from studio.domain.gatherings import Gathering, PartPress
from studio.domain.identifiers import split_picture_id
from studio.domain.people import Address, Person
from studio.domain.settings.communities import Tier
from studio.errors import NotFoundError
from studio.errors.gatherings import GatheringRefusedError
from studio.gatherings.kind import Turn
from studio.gatherings.kind_description import Act, Outcome
from studio.gatherings.participant_actions import carry_out
from studio.gatherings.registry import find_kind
from studio.ports import Ports
from studio.services.visibility import Audience, may_see_gathering


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What came with a press: the fields of a form. A picture may be chosen as an option."""

    words: str = ""
    option: str = ""
    picture: str = ""

    @property
    def named_picture(self) -> str:
        return self.picture or (self.option if split_picture_id(self.option) else "")


def act(ports: Ports, call: Call, press: PartPress, filled: Filled | None = None) -> GatheringActed:
    """For somebody who is not banned; a linked identity of theirs may be.

    Raises `GatheringRefusedError`, `NotFoundError`, and what the job that comes of it raises.
    """
    with ports.database.read() as session:
        actor = find_actor(session, call, press.gathering)
    tier = ports.gate.allowance(actor).tier
    if actor.key != call.person.key:
        ports.gate.require_not_banned(actor)
    with ports.database.begin() as session:
        lock_person(session, actor)
        turn = Turn.begin(session, press.gathering, find_kind)
        act_now = _act_of(session, turn.gathering, actor, tier, press, filled or Filled())
        try:
            outcome = carry_out(turn, act_now)
        except GatheringRefusedError as error:
            error.gathering_id = press.gathering
            raise
        events, gathering = turn.finish(), turn.gathering
    outbox.send(ports.database, ports.events, events)
    return _follow_up(ports, replace(call, person=actor), gathering, outcome, wants=turn.wants)


def act_before_panel(ports: Ports, viewer: Person, channel: str | None, press: PartPress) -> None:
    """What the verb of a panel does before it is shown, if anything. Raises as `act`."""
    with ports.database.read() as session:
        gathering = gathering_rows.find_gathering(session, press.gathering)
    verb = find_kind(gathering.kind).verbs.get(press.verb)
    if verb is not None and verb.shows:
        address = Address(platform=viewer.platform, community=viewer.community, channel=channel or "")
        ports.gate.require_not_banned(viewer)
        act(ports, Call(person=viewer, address=address, request_key=""), press)


def _follow_up(
    ports: Ports, call: Call, gathering: Gathering, outcome: Outcome, *, wants: bool
) -> GatheringActed:
    job_id = None
    if outcome.paint is not None:
        accepted = paint_part(ports, call, gathering.id, outcome.paint, outcome.words)
        job_id = accepted.job_id
    if wants:
        submit_wanted(ports, gathering.id)
    return GatheringActed(gathering=gathering, code=outcome.code, values=outcome.values, job_id=job_id)


def find_actor(session: Session, call: Call, gathering_id: str) -> Person:
    """Who acts: the person, or their linked identity in the gathering's community. Raises `NotFoundError`."""
    gathering = gathering_rows.find_gathering(session, gathering_id)
    if not may_see_gathering(session, gathering, Audience.of_asker(call.person, call.address)):
        raise NotFoundError("gathering", id=gathering_id[:12])
    home = gathering.address.home
    if call.person.home == home:
        return call.person
    for key in identities(session, call.person.key):
        person = find_person(session, key)
        if person.home == home:
            return person
    raise NotFoundError("gathering", id=gathering_id[:12])


def _act_of(
    session: Session, gathering: Gathering, actor: Person, tier: Tier, press: PartPress, filled: Filled
) -> Act:
    humans = humans_of(session, {actor.key, gathering.host})
    human = humans[actor.key]
    return Act(
        person=actor,
        human=human,
        verb=press.verb,
        round=press.round,
        part=press.part,
        words=filled.words,
        option=filled.option,
        picture=filled.named_picture,
        hosts=actor.moderates or humans[gathering.host] == human,
        newcomer=tier is Tier.NEWCOMER and not _may_newcomers_vote(session, actor),
    )


def _may_newcomers_vote(session: Session, actor: Person) -> bool:
    return community_rules(session, actor.platform, actor.community).newcomers_vote
