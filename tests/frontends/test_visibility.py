"""Nobody learns the words, makers or ids of pictures that they may not see, wherever a picture is told of."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import select

from bots.delivery.attachments import Attachment
from bots.discord.render import render as discord_render
from bots.presentation.compose.cases import compose_case
from bots.presentation.compose.job_message import compose_copy, compose_job
from bots.presentation.compose.provenance.attribution import compose_family
from bots.presentation.compose.starboard import compose_starboard
from bots.presentation.message import Message
from bots.presentation.suggestions import suggest
from bots.queries.job_view import load_job_view, load_picture
from bots.queries.starboard_entry import load_starboard_entry
from bots.slack.render import render as slack_render
from moderation.records import audit_log
from studio.clock import now
from studio.commands.registry import CATALOG, execute
from studio.commands.results import Accepted, Attribution, Family, PictureShown, ReportFiled
from studio.commands.spec import Call
from studio.db import settings
from studio.db.tables import CaseRow, JobRow
from studio.domain.cases import Decision
from studio.domain.events import JobChanged
from studio.domain.people import Platform
from studio.domain.provenance import Traces
from studio.errors import NotFoundError
from studio.ports import Ports
from studio.services.weekly_digest import lines_of as digest_lines
from studio.services.weekly_digest import read_digest
from tests.support.case_sim import with_desk
from tests.support.fakes import someone, somewhere
from tests.support.finished_jobs import paint_job
from tests.support.message_text import answer_text, text_of
from tests.support.sentences import error_text
from tests.support.web_client import WebServer, web_settings

SECRET_WORDS = ("walrus", "owl", "heron", "zelda")


@dataclass(frozen=True, kw_only=True)
class Painted:
    """Zelda's picture, Bo's from it, and Zelda's from Bo's `child` are in a private channel; `child` is in the open."""

    ports: Ports
    first: str
    second: str
    child: str
    last: str

    @property
    def forbidden(self) -> tuple[str, ...]:
        return (*SECRET_WORDS, self.first, self.second, self.last)


def ask(ports: Ports, name: str, command: str, *, secret: bool = False, **values: object):
    moderator = name == "mod"
    place = replace(somewhere(), channel="secret", private=True) if secret else somewhere()
    key = f"{name}:{command}:{sorted(values.items())}"
    return execute(
        ports,
        Call(person=someone(name, moderator=moderator), address=place, request_key=key),
        command,
        values,
    )


def paint(ports: Ports, name: str, command: str, *, secret: bool, **values: object) -> str:
    answer = ask(ports, name, command, secret=secret, **values)
    assert isinstance(answer, Accepted)
    return paint_job(ports, answer.job_id)


@pytest.fixture
def painted(ports: Ports) -> Painted:
    instance = with_desk(ports)
    first = paint(instance, "zelda", "imagine", secret=True, prompt="a sequestered walrus", count=1)
    second = paint(instance, "bo", "remix", secret=True, picture=f"{first}.1", prompt="an owl", count=1)
    child = paint(instance, "bo", "remix", secret=False, picture=f"{second}.1", prompt="a badger", count=1)
    last = paint(instance, "zelda", "remix", secret=True, picture=f"{child}.1", prompt="a heron", count=1)
    return Painted(ports=instance, first=first, second=second, child=child, last=last)


# ---- everything that a front end tells of `child` to Cy, who is in the open channel


def on_discord(message: Message) -> str:
    files = {image.name: Attachment(data=b"png", suffix=".png") for image in message.files}
    return str(discord_render(message, files).to_components())  # type: ignore[no-untyped-call]


def discord_message(made: Painted) -> str:
    return on_discord(compose_job(load_job_view(made.ports.database, made.child)))


def discord_copy(made: Painted) -> str:
    return on_discord(compose_copy(load_job_view(made.ports.database, made.child)))


def slack_message(made: Painted) -> str:
    return str(slack_render(compose_job(load_job_view(made.ports.database, made.child))))


def discord_who_made_this(made: Painted) -> str:
    return on_discord(compose_family(ask(made.ports, "cy", "lineage", picture=f"{made.child}.1")))


def slack_who_made_this(made: Painted) -> str:
    family = ask(made.ports, "cy", "lineage", picture=f"{made.child}.1")
    return str(slack_render(compose_family(family)))


def suggested(ports: Ports, name: str, command: str, parameter: str, *, channel: str = "main") -> list[str]:
    spec = CATALOG[command]
    place = replace(somewhere(), channel=channel)
    call = Call(person=someone(name), address=place, request_key="typing")
    wanted = spec.parameter(parameter)
    assert wanted is not None
    return [
        f"{suggestion.value} {suggestion.label}" for suggestion in suggest(ports, call, spec, wanted, "", {})
    ]


def autocomplete(made: Painted) -> str:
    options = (("vary", "picture"), ("show", "job"), ("imagine", "prompt"), ("report", "picture"))
    return str([suggested(made.ports, "cy", *option) for option in options])


def lineage(made: Painted) -> str:
    family = ask(made.ports, "cy", "lineage", picture=f"{made.child}.1")
    assert isinstance(family, Family)
    return answer_text(family)


def show(made: Painted) -> str:
    shown = ask(made.ports, "cy", "show", job=made.child)
    assert isinstance(shown, PictureShown)
    return str(shown.pictures)


def whose(made: Painted) -> str:
    found = ask(made.ports, "cy", "whose", image=Traces(named=f"{made.child}.1"))
    assert isinstance(found, Attribution)
    return f"{answer_text(found)} {found}"


def history(made: Painted) -> str:
    return str([ask(made.ports, "cy", name) for name in ("history", "queue")])


def starboard(made: Painted) -> str:
    with made.ports.database.begin() as session:
        rules = replace(settings.community_rules(session, Platform.WEB, "room"), star_channel="stars")
        settings.save_community_rules(session, rules, by=someone("mod", moderator=True))
    for name, job_id in (("cy", made.child), ("bo", made.first), ("bo", made.last)):
        for fan in (name, "ed", "fay", "gil"):
            ask(made.ports, fan, "star", secret=job_id != made.child, picture=f"{job_id}.1")
    seen = []
    for job_id in (made.first, made.second, made.child, made.last):
        entry, _ = load_starboard_entry(made.ports.database, f"{job_id}.1")
        if entry:
            seen.append(on_discord(compose_starboard(entry)))
    return str(seen)


def case(made: Painted) -> str:
    """Moderators read what Bo, who is judged, wrote before, wherever that was."""
    filed = ask(made.ports, "cy", "report", picture=f"{made.child}.1", reason="look")
    assert isinstance(filed, ReportFiled)
    return text_of(compose_case(made.ports.desk.read(filed.case.id))).replace("an owl", "his own words")


def audit_export(made: Painted) -> str:
    filed = ask(made.ports, "cy", "report", picture=f"{made.child}.1")
    ask(made.ports, "mod", "review", case=filed.case.id, decision=Decision.APPROVE)  # type: ignore[union-attr]
    with made.ports.database.read() as session:
        exported = list(audit_log.export(session))
    assert exported
    return str(exported)


def digest(made: Painted) -> str:
    since, until = now().replace(year=2000), now()
    with made.ports.database.read() as session:
        found = read_digest(session, Platform.WEB, "room", since=since, until=until)
    return str(digest_lines(found))


def web(made: Painted) -> str:
    with WebServer(made.ports, web_settings()) as web_server:
        cy = web_server.guest("Cy")
        seen = [cy.wall]
        for sheet in ("view", "edit", "remix", "expand"):
            page = cy.client.get(f"/{sheet}/{made.child}.1")
            assert page.status_code == 200
            seen.append(page.text)
        seen.append(cy.client.get(f"/jobs/{made.child}").text)
        made.ports.events.publish(changed(made))
        seen.append(cy.card(made.child, "done"))
        for hidden in (made.first, made.second, made.last):
            for path in (
                f"/view/{hidden}.1",
                f"/jobs/{hidden}",
                f"/pictures/{hidden}.1.png",
                f"/thumbnails/{hidden}.1",
            ):
                assert cy.client.get(path).status_code == 404, path
    return "\n".join(seen)


def changed(made: Painted) -> JobChanged:
    with made.ports.database.begin() as session:
        session.get_one(JobRow, made.child).spoiler = True
    return JobChanged(job_id=made.child, platform=Platform.WEB)


SURFACES: Mapping[str, Callable[[Painted], str]] = {
    name.__name__: name
    for name in (
        *(discord_message, discord_copy, discord_who_made_this, slack_message, slack_who_made_this, web),
        *(autocomplete, lineage, show, whose, history, starboard, case, audit_export, digest),
    )
}
TELLING = SURFACES.keys() - {"history", "audit_export", "digest"}


@pytest.mark.parametrize("surface", SURFACES)
def test_private_relatives_of_a_picture_are_told_nowhere(painted: Painted, surface: str) -> None:
    seen = SURFACES[surface](painted)
    assert [trace for trace in painted.forbidden if trace in seen.lower()] == []
    assert (surface in TELLING) == bool("badger" in seen), "the picture itself is told of where pictures are"


def test_a_person_in_the_private_channel_reads_of_it_there(painted: Painted) -> None:
    family = ask(painted.ports, "dee", "lineage", secret=True, picture=f"{painted.child}.1")
    assert isinstance(family, Family)
    assert "walrus" in on_discord(compose_family(family))


def test_a_private_picture_is_suggested_in_its_own_place_and_to_its_own_person(painted: Painted) -> None:
    def offered(name: str, channel: str) -> bool:
        return painted.first in str(suggested(painted.ports, name, "show", "job", channel=channel))

    assert (offered("cy", "secret"), offered("zelda", "main"), offered("cy", "main")) == (True, True, False)


def test_the_words_of_a_private_request_are_not_shown_to_the_owner(painted: Painted) -> None:
    ask(painted.ports, "bo", "settings", remix="ask")
    ask(painted.ports, "zelda", "remix", secret=True, picture=f"{painted.child}.1", prompt="a hidden yak")
    with painted.ports.database.read() as session:
        case_id = session.scalars(select(CaseRow.id)).one()
    assert painted.ports.desk.read(case_id).prompts[0] == ""


def test_nobody_repeats_a_job_that_started_from_what_they_may_not_see(painted: Painted) -> None:
    with pytest.raises(NotFoundError) as caught:
        ask(painted.ports, "cy", "reroll", job=painted.child)
    assert painted.second not in error_text(caught.value)
    assert isinstance(ask(painted.ports, "bo", "reroll", job=painted.child), Accepted)
    assert isinstance(ask(painted.ports, "cy", "vary", picture=f"{painted.child}.1"), Accepted)


def test_only_one_module_reads_whether_a_place_is_private() -> None:
    root = Path(__file__).parents[2]
    reading = [
        path.relative_to(root).as_posix()
        for package in ("bots", "engine", "moderation", "studio", "chatelier")
        for path in (root / package).rglob("*.py")
        if re.search(r"address\.private\b", path.read_text())
    ]
    assert reading == ["studio/services/visibility.py"]


def test_a_private_picture_is_not_found_by_its_id(painted: Painted) -> None:
    with pytest.raises(NotFoundError):
        load_picture(painted.ports.database, f"{painted.first}.1", someone("cy"), channel="main")
