"""Folders of the page "My pictures", and what is done with several pictures at once."""

import io
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from zipfile import ZipFile

import pytest

from bots.web.access.session_cookies import WEB_ADDRESS
from bots.web.routes.gallery import folders as routes
from studio.clock import now
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db.identities import linked_identities
from studio.db.identities.people import lock_person
from studio.db.tables import BanRow
from studio.domain.people import Person, Platform, Role
from studio.domain.verdicts import ALLOWED, Ruling, Verdict
from studio.errors import BannedError, NotFoundError, RateLimitedError
from studio.ports import Ports
from studio.services.gallery import folders
from studio.services.gallery.folders import MOST_FOLDERS
from tests.frontends.web.test_gallery import paint, person_of, shown
from tests.support.finished_jobs import paint_job
from tests.support.web_client import Browser, WebServer, web_settings


@pytest.fixture
def web(ports: Ports) -> Iterator[WebServer]:
    with WebServer(ports, web_settings()) as web:
        yield web


def post(person: Browser, path: str, **body: object) -> Any:
    return person.post(path, json.dumps(body))


def folder_of(person: Browser, name: str = "Foxes") -> str:
    folder_id: str = post(person, "/folders", name=name).json()["id"]
    return folder_id


def test_a_folder_holds_what_was_moved_there_and_has_an_address(web: WebServer) -> None:
    ana, bo = web.user("Ana"), web.user("Bo")
    fox, owl = paint(web, ana, "a fox")[0], paint(web, bo, "an owl")[0]
    folder = folder_of(ana, "  Foxes  & <owls> ")
    answer = post(ana, "/pictures/selection", do="move", pictures=[fox, owl], folder=folder)
    assert answer.json()["text"] == "2 pictures were moved."
    assert shown(ana, f"/pictures?folder={folder}") == [owl, fox]
    assert shown(ana, f"/pictures?folder={folder}&words=owl") == [owl]
    assert ana.client.get(f"/folders/{folder}", follow_redirects=False).headers["location"] == (
        f"/pictures?folder={folder}"
    )
    assert "<bdi>Foxes &amp; &lt;owls&gt;</bdi>" in ana.client.get(f"/folders/{folder}").text
    second = folder_of(ana, "Owls")
    assert post(ana, "/pictures/selection", do="move", pictures=[owl], folder=second).status_code == 200
    assert shown(ana, f"/pictures?folder={folder}") == [fox]
    post(ana, "/pictures/selection", do="move", pictures=[fox], folder="")
    assert shown(ana, f"/pictures?folder={folder}") == []
    post(ana, f"/folders/{second}", do="delete")
    assert ana.client.get(f"/folders/{second}").status_code == 404
    assert shown(ana) == [fox]


def test_a_shared_folder_is_opened_by_others_who_see_what_they_may(web: WebServer) -> None:
    ana, bo = web.guest("Ana"), web.user("Bo")
    fox = paint(web, ana, "a fox")[0]
    secret = f"{ana.say('a key --private --count 1')['job']}.1"
    paint_job(web.ports, secret.partition(".")[0])
    folder = folder_of(ana)
    post(ana, "/pictures/selection", do="move", pictures=[fox, secret], folder=folder)
    for path in (
        f"/pictures?folder={folder}",
        f"/pictures/page?folder={folder}",
        f"/pictures/zip?folder={folder}",
    ):
        assert bo.client.get(path).status_code == 404
    assert post(ana, f"/folders/{folder}", do="share").status_code == 200
    assert shown(bo, f"/pictures?folder={folder}") == [fox]
    assert shown(ana, f"/pictures?folder={folder}") == [secret, fox]
    names = ZipFile(io.BytesIO(bo.client.get(f"/pictures/zip?folder={folder}").content)).namelist()
    assert names == [f"chatelier-{fox.replace('.', '-')}.{kind}" for kind in ("png", "json")]
    assert "Foxes" in bo.client.get("/pictures").text
    for do in ("rename", "unshare", "delete"):
        assert post(bo, f"/folders/{folder}", do=do, name="Mine").status_code == 404
    refused = post(bo, "/pictures/selection", do="move", pictures=[fox], folder=folder)
    assert refused.json()["text"].startswith("That folder was not found.")
    post(ana, f"/folders/{folder}", do="unshare")
    assert bo.client.get(f"/folders/{folder}").status_code == 404


def test_who_left_or_was_banned_opens_no_shared_folder(web: WebServer) -> None:
    """And what somebody shared who had themself forgotten is gone for everybody."""
    ana, bo, di = (web.user(name) for name in ("Ana", "Bo", "Di"))
    folder = folder_of(ana)
    post(ana, "/pictures/selection", do="move", pictures=paint(web, ana, "a fox"), folder=folder)
    assert post(ana, f"/folders/{folder}", do="share").status_code == 200
    path = f"/pictures?folder={folder}"
    for reader in (bo, di):
        assert len(shown(reader, path)) == 1
    assert post(bo, "/leave").status_code == 204
    web.ports.gate.welcome_error = BannedError()  # type: ignore[attr-defined]
    assert "fox" not in di.client.get(path).text
    web.ports.gate.welcome_error = None  # type: ignore[attr-defined]
    assert bo.client.get(path).status_code == 401
    call = Call(person=person_of(ana), address=WEB_ADDRESS, request_key="forget")
    execute(web.ports, call, "forget-me", {"confirm": "yes"})
    assert di.client.get(path).status_code == 404
    assert "Foxes" not in di.client.get("/pictures").text


def test_names_of_folders_are_judged_free_and_not_too_many(
    web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = web.user("Ana")
    folder = folder_of(ana)
    assert post(ana, "/folders", name="Foxes").json()["text"] == (
        "You have a folder Foxes already. Choose another name."
    )
    assert post(ana, "/folders", name=" \u200b ").json()["text"] == "Give the folder a name."
    assert post(ana, f"/folders/{folder}", do="rename", name="Foxes").status_code == 200
    web.ports.gate.verdict = Verdict(ruling=Ruling.REFUSE, rule="words", category="cruelty")  # type: ignore[attr-defined]
    assert post(ana, "/folders", name="Cruel").status_code == 422
    assert post(ana, f"/folders/{folder}", do="rename", name="Cruel").status_code == 422
    web.ports.gate.verdict = ALLOWED  # type: ignore[attr-defined]
    monkeypatch.setattr("studio.services.gallery.folders.MOST_FOLDERS", 1)
    assert MOST_FOLDERS > 1
    assert post(ana, "/folders", name="Owls").json()["text"].startswith("At most 1 folders")


def test_several_pictures_are_starred_downloaded_and_deleted(web: WebServer) -> None:
    ana, bo = web.user("Ana"), web.user("Bo")
    first, second = paint(web, ana, "a fox", count=2)
    theirs = paint(web, bo, "an owl")[0]
    for _ in range(2):  # the second time takes no star back
        answer = post(ana, "/pictures/selection", do="star", pictures=[first, theirs])
    assert answer.json()["text"] == "2 pictures are starred."
    assert shown(ana, "/pictures?starred=yes&of=everybody") == [theirs, first]
    archive = ana.client.get(f"/pictures/zip?pictures={theirs},{second}").content
    assert len(ZipFile(io.BytesIO(archive)).namelist()) == 4
    answer = post(ana, "/pictures/selection", do="delete", pictures=[second, theirs]).json()
    assert (answer["changed"], answer["text"]) == ([second], "1 picture was deleted.")
    assert answer["problem"]
    assert shown(ana, "/pictures?of=everybody") == [theirs, first]


def test_what_is_no_selection_or_comes_from_elsewhere_changes_nothing(web: WebServer) -> None:
    ana, bo = web.user("Ana"), web.guest("Bo")
    fox = paint(web, ana, "a fox")[0]
    for body in (
        {"do": "burn", "pictures": [fox]},
        {"do": "delete", "pictures": []},
        {"do": "delete", "pictures": ["x"]},
    ):
        assert post(ana, "/pictures/selection", **body).status_code == 400
    many = {"do": "delete", "pictures": [f"zzzzzzzzzzzz.{number % 90}" for number in range(201)]}
    assert post(ana, "/pictures/selection", **many).status_code == 400
    assert ana.post("/pictures/selection", b"x" * 20_000).status_code == 400
    body = json.dumps({"do": "delete", "pictures": [fox]})
    assert ana.client.post("/pictures/selection", content=body).status_code == 403
    assert post(bo, "/pictures/selection", do="delete", pictures=[fox]).json()["changed"] == []
    assert shown(ana) == [fox]


def test_names_of_folders_are_counted_before_they_are_judged(ports: Ports) -> None:
    gate = ports.gate
    ana = Person(platform=Platform.WEB, community="room", user_id="ana", display_name="Ana")
    with ports.database.begin() as session:
        lock_person(session, ana)
    folder = folders.create_folder(ports, ana, "Foxes")
    folders.rename_folder(ports, ana, folder, "Owls")
    assert gate.side_effects == ["folder", "folder"]  # type: ignore[attr-defined]
    reviews = len(gate.reviews)  # type: ignore[attr-defined]

    def refuse(person: Person, command: str) -> None:
        raise RateLimitedError(retry_after_seconds=60)

    gate.check_command_rate = refuse  # type: ignore[method-assign]
    with pytest.raises(RateLimitedError):
        folders.create_folder(ports, ana, "Hares")
    assert len(gate.reviews) == reviews  # type: ignore[attr-defined]


def test_other_commands_have_their_turn_between_the_pictures_of_a_selection(
    web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = web.user("Ana")
    pictures = paint(web, ana, "a fox", count=2)
    parts: list[int] = []
    change = routes._change_pictures

    def watch(context: Any, user: Any, do: str, part: Any) -> Any:
        parts.append(len(part))
        return change(context, user, do, part)

    monkeypatch.setattr(routes, "_change_pictures", watch)
    monkeypatch.setattr(routes, "_AT_ONCE", 1)
    answer = post(ana, "/pictures/selection", do="delete", pictures=[*pictures, pictures[0]]).json()
    assert (answer["changed"], parts) == (pictures, [1, 1])


def test_selections_are_limited(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "_SELECTIONS_A_MINUTE", 1)
    ana = web.user("Ana")
    fox = paint(web, ana, "a fox")[0]
    assert post(ana, "/pictures/selection", do="star", pictures=[fox]).status_code == 200
    refused = post(ana, "/pictures/selection", do="delete", pictures=[fox])
    assert refused.status_code == 422
    assert refused.json()["text"]
    assert shown(ana) == [fox]


def test_what_is_no_id_is_refused_before_the_database_is_asked(
    web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL takes no NUL in a text."""
    ana = web.user("Ana")
    fox = paint(web, ana, "a fox")[0]
    for wrong in ("\0" * 12, "abc", "ABCDEFGHIJKL"):
        answer = post(ana, "/pictures/selection", do="move", pictures=[fox], folder=wrong)
        assert answer.status_code == 400
    monkeypatch.setattr(folders, "share_folder", lambda *_, **__: pytest.fail("asked"))
    assert post(ana, "/folders/%00%00", do="share").status_code == 404
    for query in ("pictures=%00", "model=%00", "folder=%00", "after=2026-11-30T12:00:00Z~%00"):
        assert ana.client.get(f"/pictures?{query}").status_code == 404


def test_moderators_end_the_sharing_of_a_folder_and_nothing_else(ports: Ports) -> None:
    with WebServer(ports, web_settings(moderator_secret="keys")) as web:
        ana, mo = web.user("Ana"), web.user("Mo", "keys")
        folder = folder_of(ana)
        assert post(mo, f"/folders/{folder}", do="unshare").status_code == 404
        post(ana, f"/folders/{folder}", do="share")
        assert 'data-folder-do="unshare"' in mo.client.get(f"/folders/{folder}").text
        for do in ("rename", "share", "delete"):
            assert post(mo, f"/folders/{folder}", do=do, name="Mine").status_code == 404
        assert post(mo, f"/folders/{folder}", do="unshare").status_code == 200
        assert mo.client.get(f"/folders/{folder}").status_code == 404
        assert "Foxes" in ana.client.get(f"/folders/{folder}").text


def test_moderators_of_elsewhere_end_no_sharing(ports: Ports) -> None:
    ana = Person(platform=Platform.WEB, community="room", user_id="ana", display_name="Ana")
    mo = Person(
        platform=Platform.WEB,
        community="other",
        user_id="mo",
        display_name="Mo",
        roles=frozenset({Role.MODERATOR}),
    )
    with ports.database.begin() as session:
        lock_person(session, ana)
        lock_person(session, mo)
    folder = folders.create_folder(ports, ana, "Foxes")
    folders.share_folder(ports, ana, folder, shared=True)
    with pytest.raises(NotFoundError):
        folders.share_folder(ports, mo, folder, shared=False)


@pytest.mark.parametrize(("hours", "listed"), [(None, False), (1, False), (-1, True)])
def test_folders_of_the_banned_are_not_listed(ports: Ports, hours: int | None, listed: bool) -> None:
    """Under whichever of their names they are banned; they see their own, once they may come in again."""
    home = {"platform": Platform.WEB, "community": "room"}
    ana, bo, cy = (Person(**home, user_id=name, display_name=name) for name in ("ana", "bo", "cy"))
    with ports.database.begin() as session:
        for person in (ana, bo, cy):
            lock_person(session, person)
        linked_identities.link(session, ana.key, cy.key)
    folder = folders.create_folder(ports, ana, "Foxes")
    folders.share_folder(ports, ana, folder, shared=True)
    until = now() + timedelta(hours=hours) if hours else None
    with ports.database.begin() as session:
        assert [found.id for found in folders.list_folders(session, bo)] == [folder]
        session.add(
            BanRow(person_key=cy.key, until=until, reason="", banned_by="web:room:mo", created_at=now())
        )
        session.flush()
        assert [found.id for found in folders.list_folders(session, bo)] == [folder] * listed
        assert [found.id for found in folders.list_folders(session, ana)] == [folder]
