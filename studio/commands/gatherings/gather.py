"""/gather: what is open here, with a way in; and everything that people do in a gathering, by its id."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from studio.commands.gathering_results import GatheringActed, GatheringOpened, GatheringsListed
from studio.commands.gatherings.acting import Filled, act, find_actor
from studio.commands.gatherings.branching import BRANCH, branch
from studio.commands.gatherings.opening import place_of
from studio.commands.gatherings.reporting import REPORT, report_part
from studio.commands.parameter_values import Kind, Parameter
from studio.commands.results import ReportFiled
from studio.commands.spec import Call, CommandSpec
from studio.db import outbox
from studio.db.deliveries import forget_message
from studio.db.gatherings import gathering_rows
from studio.db.identities.linked_identities import identities
from studio.db.identities.people import find_person
from studio.db.settings import community_rules
from studio.domain.deliveries import DeliveryKind
from studio.domain.gatherings import INTERRUPTED, PartPress
from studio.domain.identifiers import is_job_id
from studio.domain.people import Address, Person, Platform
from studio.errors import BadParameterError
from studio.gatherings.kind import Turn
from studio.gatherings.limits import require_host
from studio.gatherings.participant_actions import COMMON_VERBS, GOVERNING
from studio.gatherings.registry import KINDS, find_kind
from studio.ports import Ports
from studio.serialization import to_data
from studio.services.visibility import Audience, may_see_gathering

LIST, RESUME = "list", "resume"
VERBS = tuple(
    dict.fromkeys(
        (
            LIST,
            BRANCH,
            REPORT,
            *GOVERNING,
            *COMMON_VERBS,
            *sorted({verb for kind in KINDS.values() for verb in kind.verbs}),
        )
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gather:
    do: str = LIST
    id: str | None = None
    part: int = 0
    round: int = 0
    words: str = ""
    option: str = ""
    picture: str = ""


def gather(
    ports: Ports, call: Call, command: Gather
) -> GatheringActed | GatheringOpened | GatheringsListed | ReportFiled:
    """Raises `BadParameterError` without the id of a gathering, and what `act`, `branch` and `report_part` raise."""
    if command.do == LIST:
        return _list(ports, call)
    gathering_id = _id_of(command)
    if command.do == BRANCH:
        return branch(ports, call, gathering_id, command.words.strip() or command.part)
    if command.do == REPORT:
        return report_part(ports, call, gathering_id, command.part, command.words)
    if command.do == RESUME:
        _carry_over(ports, call, gathering_id)
    press = PartPress(gathering=gathering_id, verb=command.do, round=command.round, part=command.part)
    return act(
        ports, call, press, Filled(words=command.words, option=command.option, picture=command.picture)
    )


def _id_of(command: Gather) -> str:
    """Raises `BadParameterError`."""
    text = (command.id or "").strip().lower()
    if not is_job_id(text):
        raise BadParameterError("id", "not_a_gathering_id")
    return text


def _list(ports: Ports, call: Call) -> GatheringsListed:
    """On the web, where people of many communities meet, also what is open in those of one's linked identities."""
    with ports.database.read() as session:
        found = [*gathering_rows.open_in_community(session, call.address)]
        homes = _linked_homes(session, call.person) if call.address.platform is Platform.WEB else []
        elsewhere = [other for home in homes for other in gathering_rows.open_in_community(session, home)]
        audience = Audience.of_asker(call.person, call.address)
        seen = [other for other in (*found, *elsewhere) if may_see_gathering(session, other, audience)]
    return GatheringsListed(gatherings=tuple(seen), elsewhere=frozenset(other.id for other in elsewhere))


def _linked_homes(session: Session, person: Person) -> list[Address]:
    """The communities of the person's other identities."""
    others = [find_person(session, key) for key in identities(session, person.key) if key != person.key]
    homes = dict.fromkeys(other.home for other in others if other.home != person.home)
    return [Address(platform=platform, community=community, channel="") for platform, community in homes]


def _carry_over(ports: Ports, call: Call, gathering_id: str) -> None:
    """An interrupted gathering goes on where somebody resumes it. Raises `GatheringRefusedError` in direct messages."""
    with ports.database.begin() as session:
        actor = find_actor(session, call, gathering_id)
        turn = Turn.begin(session, gathering_id, find_kind)
        elsewhere = turn.gathering.address.channel != call.address.channel
        if turn.row.state != INTERRUPTED or not elsewhere or actor.home != call.person.home:
            return
        if not (actor.moderates or turn.human_of(turn.row.host) == turn.human_of(actor.key)):
            return  # the act itself is refused
        rules = community_rules(session, *actor.home)
        require_host(rules, actor, ports.gate.allowance(actor).tier, call.address)
        turn.row.channel, turn.row.thread = call.address.channel, call.address.thread
        turn.row.address = to_data(place_of(call.address))
        turn.changed = True
        forget_message(session, DeliveryKind.GATHERING, gathering_id)
        session.flush()
        events = turn.finish()
    outbox.send(ports.database, ports.events, events)


SPEC = CommandSpec(
    name="gather",
    summary="What people do together here: take part, pause, go on, skip, end.",
    example="/gather end k3v9m2p4qx7a",
    build=Gather,
    handle=gather,
    parameters=(
        Parameter(
            name="do",
            kind=Kind.CHOICE,
            summary="What to do; a list of what is open, if you leave it out.",
            choices=VERBS,
            positional=True,
        ),
        Parameter(
            name="id", kind=Kind.TEXT, summary="The id of the gathering.", positional=True, max_length=20
        ),
        Parameter(name="part", kind=Kind.INTEGER, summary="The number of a part.", minimum=0, maximum=9999),
        Parameter(name="round", kind=Kind.INTEGER, summary="The number of a round.", minimum=0, maximum=9999),
        Parameter(name="words", kind=Kind.TEXT, summary="Your words.", max_length=1000),
        Parameter(name="option", kind=Kind.TEXT, summary="What you chose.", max_length=100),
        Parameter(name="picture", kind=Kind.PICTURE, summary="A picture that you bring along.", own=True),
    ),
    paints=False,
)
