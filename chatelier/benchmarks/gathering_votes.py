"""`chatelier bench votes`: many people press a button of one gathering in the same moment."""

import asyncio
import json
import platform
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from chatelier.benchmarks.instance import RunningInstance
    from chatelier.benchmarks.web_client import Said, WebClient

_ROUNDS = 5
_ROOM = "room"
_MOST_LOOKS = 300


def votes(
    people: Annotated[int, typer.Option(min=1, max=200, help="How many press at once.")] = 100,
    model: Annotated[str | None, typer.Option(help="The model; the bundled one by default.")] = None,
    claim: Annotated[
        bool, typer.Option("--claim", help="They claim the same cell of a mural, once.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Everybody presses a button of one gathering in the same moment, five times.

    An installation is started in a temporary folder and ended again. Takes a minute or two.

    Example: [bold]chatelier bench votes --people 100[/], [bold]chatelier bench votes --claim[/]
    """
    from rich.table import Table

    from chatelier.runtime.console import answers, remarks

    figures = measure_votes(people=people, model=model, claim=claim, say=remarks().print)
    if as_json:
        typer.echo(json.dumps({"machine": platform.platform(), **asdict(figures)}, indent=1))
        return
    table = Table(title="Claims" if claim else "Votes", show_header=False)
    for name, value in figures.rows():
        table.add_row(name, value)
    answers().print(table)


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteFigures:
    """Seconds, one for each press, over all rounds: a vote of everybody, which the next round takes back.

    `claims`: instead, the people who got a cell of the mural that everybody pressed for once, each another one.
    """

    people: int
    claims: int | None = None
    acknowledged_seconds: Sequence[float]
    carried_out_seconds: Sequence[float]
    processor_seconds: float  # of the web front end, for each press

    def rows(self) -> list[tuple[str, str]]:
        does = "vote" if self.claims is None else "claim a cell"
        claimed = [] if self.claims is None else [("cells with one owner each", str(self.claims))]
        return [
            *claimed,
            (f"{self.people} people {does} at once: acknowledged", _describe(self.acknowledged_seconds)),
            (
                f"{self.people} people {does} at once: carried out, and answered",
                _describe(self.carried_out_seconds),
            ),
            ("processor time of the web front end for each", f"{self.processor_seconds * 1000:.1f} ms"),
        ]


def measure_votes(
    *, people: int, model: str | None, say: Callable[[str], None], claim: bool = False
) -> VoteFigures:
    """Starts an installation in a temporary home, and measures it over loopback. Takes a minute or two."""
    from chatelier.benchmarks.instance import start_instance

    say("Starting an installation …")
    with start_instance(model) as instance:
        _let_newcomers_vote(instance)
        return asyncio.run(_measure(instance, people, say, claim=claim))


def _let_newcomers_vote(instance: "RunningInstance") -> None:
    from studio.db.database import Database
    from studio.db.settings import community_rules, save_community_rules
    from studio.domain.people import Person, Platform

    database = Database(f"sqlite:///{next(instance.home.glob('*.sqlite3'))}")
    moderator = Person(platform=Platform.WEB, community=_ROOM, user_id="bench", display_name="bench")
    try:
        with database.begin() as session:
            rules = community_rules(session, Platform.WEB, _ROOM)
            save_community_rules(session, replace(rules, newcomers_vote=True), by=moderator)
    finally:
        database.close()


async def _measure(
    instance: "RunningInstance", people: int, say: Callable[[str], None], *, claim: bool
) -> VoteFigures:
    import psutil

    from chatelier.benchmarks.web_client import WebClient
    from studio.errors import ServiceError

    host = await WebClient.enter(instance.address, "Host")
    say("Generating the first images …")
    gathering = await (_open_mural(host) if claim else _open_vote(host))
    line = f"/gather {f'paint {gathering} --part 6 --words boat' if claim else f'vote {gathering} --part 2'}"
    say(f"Letting {people} people in …")
    visitors = [await WebClient.enter(instance.address, f"Person {number}") for number in range(people)]
    presses: list[Said] = []
    web = psutil.Process(instance.state["processes"]["web"])
    before = web.cpu_times()
    for _ in range(1 if claim else _ROUNDS):
        presses += await asyncio.gather(*(visitor.send_line(line) for visitor in visitors))
        await asyncio.sleep(1)
    after = web.cpu_times()
    refused = [press.answer for press in presses if not press.answer.get("ok")]
    if refused and not claim:
        raise ServiceError(f"{len(refused)} votes were refused: {refused[0]}")
    await asyncio.gather(*(visitor.leave() for visitor in (host, *visitors)))
    return VoteFigures(
        people=people,
        claims=_count_owners(instance, gathering) if claim else None,
        acknowledged_seconds=[press.received_seconds for press in presses],
        carried_out_seconds=[press.answered_seconds for press in presses],
        processor_seconds=(after.user + after.system - before.user - before.system) / len(presses),
    )


async def _open_vote(host: "WebClient") -> str:
    accepted = await host.send_line("/imagine a yellow star")
    job = str(accepted.answer["job"])
    await host.hear(lambda message: _is_done(message, job))
    return _id_of((await host.send_line(f"/pick {job} --lasts 1h")).answer)


async def _open_mural(host: "WebClient") -> str:
    """Three by three cells, of which the middle one is painted."""
    mural = _id_of((await host.send_line("/mural a quiet sea --size 3x3")).answer)
    for _ in range(_MOST_LOOKS):
        chosen = await host.send_line(f"/gather first {mural} --part 5")
        if chosen.answer.get("ok"):
            return mural
        await asyncio.sleep(1)
    raise RuntimeError("the first cell of the mural was not painted")


def _id_of(answer: dict[str, Any]) -> str:
    from studio.errors import ServiceError

    gathering = str(answer.get("open", "")).rpartition("/")[2]
    if not gathering:
        raise ServiceError(f"It was not opened: {answer}")
    return gathering


def _count_owners(instance: "RunningInstance", gathering: str) -> int:
    """The cells that were claimed. Raises `ServiceError` where jobs of two people are for one cell."""
    from sqlalchemy import func, select

    from studio.db.database import Database
    from studio.db.tables import JobRow
    from studio.errors import ServiceError

    database = Database(f"sqlite:///{next(instance.home.glob('*.sqlite3'))}")
    people = select(JobRow.part, func.count(JobRow.person_key.distinct())).where(
        JobRow.gathering == gathering
    )
    try:
        with database.read() as session:
            owners = {row[0]: row[1] for row in session.execute(people.group_by(JobRow.part))}
    finally:
        database.close()
    if any(count > 1 for count in owners.values()):
        raise ServiceError(f"cells with several owners: {owners}")
    return len(owners) - 1  # without the first


def _is_done(message: dict[str, Any], job: str) -> bool:
    cards = message.get("cards", []) if message["type"] == "cards" else []
    return any(card["id"] == job and card["state"] == "done" for card in cards)


def _describe(seconds: Sequence[float]) -> str:
    ordered = sorted(seconds)
    p99 = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
    median, slowest = statistics.median(ordered), ordered[-1]
    return f"median {median * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms, slowest {slowest * 1000:.0f} ms"
