"""Picture files and uploads: who gets what, and what is turned away."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin

import pytest

from bots.web.download_links import DownloadLinks
from studio.commands.button_ids import Action, Button
from studio.db.tables import JobRow, PictureRow
from studio.domain.events import JobEnded
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.domain.verdicts import Ruling, Verdict
from studio.errors import BannedError, InspectionError, StorageError
from studio.ports import Ports
from tests.support.finished_jobs import end_job, paint_job
from tests.support.web_client import ADDRESS, Browser, WebServer, web_settings


def painted(web_server: WebServer, person: Browser) -> str:
    job_id: str = person.say("a fox --count 2")["job"]
    paint_job(web_server.ports, job_id)
    return job_id


def request_of(ports: Ports, job_id: str) -> dict[str, Any]:
    with ports.database.read() as session:
        return dict(session.get_one(JobRow, job_id).request)


# ---- pictures


def test_a_shown_picture_is_served_to_people_who_are_logged_in_and_cached_for_long(
    web_server: WebServer,
) -> None:
    ana = web_server.guest("Ana")
    job_id = painted(web_server, ana)
    answer = ana.client.get(f"/pictures/{job_id}.1.png")
    assert answer.content == f"picture {job_id} 1".encode()
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    small = ana.client.get(f"/thumbnails/{job_id}.1")
    assert small.headers["content-type"] == "image/webp"
    again = ana.client.get(f"/thumbnails/{job_id}.1", headers={"if-none-match": small.headers["etag"]})
    assert again.status_code == 304


def of_size(web_server: WebServer, picture_id: str, width: int, height: int, **thumbnails: bytes) -> None:
    """Let a painted picture be larger, with files of its own for larger thumbnails."""
    with web_server.ports.database.begin() as session:
        row = session.get_one(PictureRow, picture_id)
        row.width, row.height = width, height
        for column, data in thumbnails.items():
            setattr(row, column, web_server.ports.store.put(data, suffix=".webp"))


@pytest.mark.parametrize("sheet", ["/wall?before={last}", "/view/{job}.1", "/edit/{job}.1", "/jobs/{job}"])
def test_feed_and_dialogs_offer_webp_in_every_size_and_never_the_file(
    web_server: WebServer, sheet: str
) -> None:
    ana = web_server.guest("Ana")
    job_id = painted(web_server, ana)
    last = painted(web_server, ana)
    of_size(web_server, f"{job_id}.1", 2048, 1024, thumbnail_640_key=b"640", thumbnail_1280_key=b"1280")
    html = ana.client.get(sheet.format(job=job_id, last=last), headers={"hx-request": "true"}).text
    small = f"/thumbnails/{job_id}.1"
    if sheet.startswith(("/view", "/edit")):
        assert f'srcset="{small} 320w, {small}?side=640 640w, {small}?side=1280 1280w"' in html
    else:  # among others of its job it is small
        assert f'<img src="{small}" width="2048"' in html
    assert f'src="/pictures/{job_id}.1.png"' not in html
    for side in (640, 1280):
        answer = ana.client.get(f"{small}?side={side}")
        assert (answer.content, answer.headers["content-type"]) == (str(side).encode(), "image/webp")


def test_a_picture_from_before_larger_thumbnails_is_offered_as_its_file(web_server: WebServer) -> None:
    ana = web_server.guest("Ana")
    job_id = painted(web_server, ana)
    of_size(web_server, f"{job_id}.1", 512, 1024)
    html = ana.client.get(f"/view/{job_id}.1", headers={"hx-request": "true"}).text
    assert f'srcset="/thumbnails/{job_id}.1 160w, /pictures/{job_id}.1.png 512w"' in html
    answer = ana.client.get(f"/thumbnails/{job_id}.1?side=1280")
    assert answer.headers["content-type"] == "image/png"


@pytest.mark.parametrize("side", ["0", "641", "4096", "x"])
def test_a_size_that_is_never_made_is_not_found(web_server: WebServer, side: str) -> None:
    ana = web_server.guest("Ana")
    assert ana.client.get(f"/thumbnails/{painted(web_server, ana)}.1?side={side}").status_code == 404


@pytest.mark.parametrize(
    "path", ["/pictures/{job}.1.png", "/thumbnails/{job}.1", "/thumbnails/{job}.1?side=640"]
)
def test_a_banned_person_gets_their_own_pictures_only(web_server: WebServer, path: str) -> None:
    ana, bo = web_server.guest("Ana"), web_server.guest("Bo")
    anas, bos = painted(web_server, ana), painted(web_server, bo)
    etag = bo.client.get(path.format(job=anas)).headers["etag"]
    web_server.ports.gate.welcome_error = BannedError()  # type: ignore[attr-defined]
    for headers in ({}, {"if-none-match": etag}):
        answer = bo.client.get(path.format(job=anas), headers=headers)
        assert answer.status_code == bo.client.get(f"/view/{anas}.1").status_code == 400
        assert "cannot paint here" in answer.text
    assert bo.client.get(path.format(job=bos)).status_code == 200


def test_a_download_has_a_name(web_server: WebServer) -> None:
    ana = web_server.guest("Ana")
    job_id = painted(web_server, ana)
    answer = ana.client.get(f"/pictures/{job_id}.2.png?download")
    assert answer.headers["content-disposition"] == f'attachment; filename="chatelier-{job_id}-2.png"'


@pytest.mark.parametrize(
    "path",
    [
        "/pictures/{job}.1.png",
        "/thumbnails/{job}.1",
        "/thumbnails/{job}.1?side=1280",
        "/view/{job}.1",
        "/wall?before={job}",
    ],
)
def test_strangers_get_nothing(web_server: WebServer, path: str) -> None:
    job_id = painted(web_server, web_server.guest("Ana"))
    answer = web_server.browser().client.get(path.format(job=job_id))
    assert answer.status_code == 401
    assert b"fox" not in answer.content


@pytest.mark.parametrize(
    "name", ["zzzzzzzzzzzz.1", "nothing", "..%2f..%2fstudio", "fake%2fabc", "k3v9m2p4qx7a.0", "k3v9m2p4qx7a"]
)
def test_a_name_that_is_no_picture_is_not_found(web_server: WebServer, name: str) -> None:
    assert web_server.user("Ana").client.get(f"/thumbnails/{name}").status_code == 404


def test_a_deleted_picture_is_not_served(web_server: WebServer) -> None:
    ana = web_server.guest("Ana")
    job_id = painted(web_server, ana)
    assert ana.press(Button(action=Action.DELETE, job_id=job_id, index=1))["ok"]
    assert ana.client.get(f"/pictures/{job_id}.1.png").status_code == 404
    assert ana.client.get(f"/pictures/{job_id}.2.png").status_code == 200


@pytest.mark.parametrize("state", [JobState.HELD, JobState.REFUSED, JobState.FAILED])
def test_a_picture_that_was_not_shown_is_not_served_even_to_its_person(
    web_server: WebServer, state: JobState
) -> None:
    ana = web_server.guest("Ana")
    job_id: str = ana.say("a fox")["job"]
    paint_job(web_server.ports, job_id, state=state)
    assert ana.client.get(f"/pictures/{job_id}.1.png").status_code == 404
    assert ana.client.get(f"/thumbnails/{job_id}.1").status_code == 404


def test_the_picture_dialog_shows_recipe_and_lineage(web_server: WebServer) -> None:
    ana, bo = web_server.guest("Ana"), web_server.guest("Bo")
    first = painted(web_server, ana)
    second: str = bo.press(Button(action=Action.VARY, job_id=first, index=1))["job"]
    paint_job(web_server.ports, second)
    web_server.ports.events.publish(JobEnded(job_id=second, platform=Platform.WEB, state=JobState.DONE))
    sheet = bo.client.get(f"/view/{second}.1", headers={"hx-request": "true"}).text
    assert "Made from" in sheet
    assert f'href="/view/{first}.1"' in sheet
    assert "thimble" in sheet
    parent = ana.client.get(f"/view/{first}.1", headers={"hx-request": "true"}).text
    assert "Made from this picture" in parent
    assert f'href="/view/{second}.1"' in parent


def test_a_deleted_ancestor_leaves_its_place_but_not_its_words(web_server: WebServer) -> None:
    ana, bo = web_server.guest("Ana"), web_server.guest("Bo")
    first = painted(web_server, ana)
    second: str = bo.ask(do="ask", command="remix", values={"picture": f"{first}.1", "prompt": "an owl"})[
        "job"
    ]
    paint_job(web_server.ports, second)
    assert ana.press(Button(action=Action.DELETE, job_id=first))["ok"]
    sheet = bo.client.get(f"/view/{second}.1", headers={"hx-request": "true"}).text
    assert "deleted" in sheet
    assert "@Ana’s picture" in sheet
    assert "fox" not in sheet


def test_pictures_in_a_bucket_are_fetched_there_by_those_who_may_see_them(ports: Ports) -> None:
    signed: list[str] = []

    def sign(key: str, save_as: str = "") -> str:
        signed.append(key)
        return f"https://bucket.example/{key}?signature=1&name={save_as}"

    links = DownloadLinks.with_origin_of(sign("first"), sign)
    with WebServer(ports, web_settings(download_links=links)) as web_server:
        ana = web_server.guest("Ana")
        job_id = painted(web_server, ana)
        small = ana.client.get(f"/thumbnails/{job_id}.1", follow_redirects=False)
        assert (small.status_code, small.headers["cache-control"]) == (302, "private, max-age=30")
        assert small.headers["location"] == f"https://bucket.example/{signed[-1]}?signature=1&name="
        assert (
            "img-src 'self' data: blob: https://bucket.example; " in small.headers["content-security-policy"]
        )
        saved = ana.client.get(f"/pictures/{job_id}.1.png?download", follow_redirects=False)
        assert saved.headers["location"].endswith(f"&name=chatelier-{job_id}-1.png")
        signed.clear()
        assert web_server.browser().client.get(f"/pictures/{job_id}.1.png").status_code == 401
        assert ana.press(Button(action=Action.DELETE, job_id=job_id, index=1))["ok"]
        assert ana.client.get(f"/pictures/{job_id}.1.png").status_code == 404
        assert signed == []


# ---- uploads


def test_an_upload_becomes_the_source_of_what_is_typed_next(web_server: WebServer) -> None:
    ana = web_server.guest("Ana")
    image = ana.post("/uploads", b"a picture").json()["ticket"]
    mask = ana.post("/uploads", b"a mask").json()["ticket"]
    job_id = ana.say("/edit a boat", image=image, mask=mask)["job"]
    (source,) = request_of(web_server.ports, job_id)["sources"]
    assert web_server.ports.store.get(source["key"]) == b"a picture"
    assert web_server.ports.store.get(source["mask_key"]) == b"a mask"


def test_words_alone_with_an_upload_paint_from_it(web_server: WebServer) -> None:
    ana = web_server.guest("Ana")
    ticket = ana.post("/uploads", b"a picture").json()["ticket"]
    job_id = ana.say("the same at night", image=ticket)["job"]
    assert request_of(web_server.ports, job_id)["operation"] == "imagine"
    assert len(request_of(web_server.ports, job_id)["sources"]) == 1


def test_an_upload_with_a_command_that_takes_none_is_explained(web_server: WebServer) -> None:
    ana = web_server.guest("Ana")
    ticket = ana.post("/uploads", b"a picture").json()["ticket"]
    assert "/reroll does not take “image”" in ana.say("/reroll k3v9m2p4qx7a", image=ticket)["text"]


def test_a_blend_takes_as_many_images_as_are_attached(web_server: WebServer) -> None:
    ana = web_server.guest("Ana")
    first, *more = (
        ana.post("/uploads", f"picture {number}".encode()).json()["ticket"] for number in range(3)
    )
    job_id = ana.say("/blend a castle", image=first, more=more)["job"]
    sources = request_of(web_server.ports, job_id)["sources"]
    assert [web_server.ports.store.get(source["key"]) for source in sources] == [
        b"picture 0",
        b"picture 1",
        b"picture 2",
    ]


def test_somebody_elses_or_a_forged_ticket_is_worth_nothing(web_server: WebServer) -> None:
    ana, eve = web_server.guest("Ana"), web_server.guest("Eve")
    ticket = ana.post("/uploads", b"a picture").json()["ticket"]
    for wrong in (ticket, ticket[:-1], "fake/abc.png", ""):
        answer = eve.say("a boat", image=wrong or "x")
        assert not answer["ok"]
        assert "attach it again" in answer["text"]


def test_what_is_no_picture_is_refused_in_one_sentence(web_server: WebServer) -> None:
    answer = web_server.user("Ana").post("/uploads", b"bad bytes")
    assert answer.status_code == 422
    assert answer.json()["text"] == "This image cannot be used: it is not an image."


def test_an_empty_upload_is_refused(web_server: WebServer) -> None:
    assert "empty" in web_server.user("Ana").post("/uploads", b"").json()["text"]


def test_an_upload_is_cut_off_where_it_becomes_too_large(ports: Ports) -> None:
    with WebServer(ports, web_settings(max_upload_bytes=1024 * 1024)) as web_server:
        ana = web_server.user("Ana")
        declared = ana.post("/uploads", b"x" * (1024 * 1024 + 1))
        assert "larger than 1 MiB" in declared.json()["text"]
        sent = 0

        def endless() -> Any:
            nonlocal sent
            for _ in range(64):
                sent += 1
                yield b"x" * 65536

        headers = {"origin": ADDRESS, "x-form-token": ana.token}
        streamed = ana.client.post("/uploads", content=endless(), headers=headers)
        assert streamed.status_code == 422
        assert ports.store.blobs == {}  # type: ignore[attr-defined]


def test_uploads_need_the_token_of_the_page(web_server: WebServer) -> None:
    ana = web_server.user("Ana")
    assert ana.post("/uploads", b"a picture", **{"x-form-token": "forged"}).status_code == 403
    assert (
        web_server.browser().client.post("/uploads", content=b"x", headers={"origin": ADDRESS}).status_code
        == 403
    )


def test_uploads_cannot_be_rushed(web_server: WebServer, still: Callable[[str], None]) -> None:
    still("studio.gcra")
    ana = web_server.user("Ana")
    token = ana.token
    answers = [ana.post("/uploads", b"a picture", **{"x-form-token": token}).status_code for _ in range(21)]
    assert answers == [200] * 20 + [429]


def test_an_upload_that_the_gate_refuses_or_cannot_judge_is_not_stored(web_server: WebServer) -> None:
    ana = web_server.user("Ana")
    gate: Any = web_server.ports.gate
    gate.picture_verdict = Verdict(ruling=Ruling.REFUSE, rule="r", category="cruelty")
    assert "cruelty" in ana.post("/uploads", b"a picture").json()["text"]
    gate.inspect_error = InspectionError()
    assert "could not be checked" in ana.post("/uploads", b"a picture").json()["text"]
    assert web_server.ports.store.blobs == {}  # type: ignore[attr-defined]


def test_a_held_upload_keeps_its_doubt_and_tells_no_evidence(web_server: WebServer) -> None:
    ana = web_server.guest("Ana")
    gate: Any = web_server.ports.gate
    gate.picture_verdict = Verdict(ruling=Ruling.HOLD, rule="r", category="c", evidence="0.72")
    ticket = ana.post("/uploads", b"a picture").json()["ticket"]
    job_id = ana.say("the same at night", image=ticket)["job"]
    (source,) = request_of(web_server.ports, job_id)["sources"]
    assert source["doubt"] == {"rule": "r", "category": "c", "evidence": ""}


def test_a_full_disk_is_told_in_words(web_server: WebServer) -> None:
    web_server.ports.store.error = StorageError()  # type: ignore[attr-defined]
    answer = web_server.user("Ana").post("/uploads", b"a picture")
    assert "could not be stored" in answer.json()["text"]


# ---- health and assets


def test_health_is_good_when_everything_answers(web_server: WebServer) -> None:
    answer = web_server.browser().client.get("/healthz", headers={"host": "web:8080"})
    assert (answer.status_code, answer.json()) == (200, {"ok": True, "away": []})


def test_health_names_what_is_away(web_server: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    from studio.errors import DatabaseUnavailableError, QueueUnavailableError

    def away(error: Exception) -> Any:
        def fail(*_: object) -> None:
            raise error

        return fail

    monkeypatch.setattr(type(web_server.ports.database), "ping", away(DatabaseUnavailableError()))
    monkeypatch.setattr(type(web_server.ports.events), "ping", away(QueueUnavailableError()), raising=False)
    answer = web_server.browser().client.get("/healthz")
    assert (answer.status_code, answer.json()["away"]) == (503, ["database", "events"])


def test_an_unreachable_database_is_a_sentence(
    web_server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from studio.errors import DatabaseUnavailableError

    ana = web_server.guest("Ana")
    job_id = painted(web_server, ana)

    def away(*_: object) -> None:
        raise DatabaseUnavailableError

    monkeypatch.setattr(type(web_server.ports.database), "read", away)
    assert "database is not available" in ana.say("a boat")["text"]
    answer = ana.client.get(f"/view/{job_id}.1", headers={"accept": "text/html"})
    assert answer.status_code == 503
    assert "database is not available" in answer.text


def test_an_unreachable_queue_loses_nothing(web_server: WebServer) -> None:
    web_server.ports.queue.away = True  # type: ignore[attr-defined]
    web_server.ports.events.away = True  # type: ignore[attr-defined]
    ana = web_server.guest("Ana")
    job_id = ana.say("a boat")["job"]
    assert "Next in line." in ana.card(job_id, "accepted")


def test_figures_count_without_naming_anybody(web_server: WebServer) -> None:
    ana = web_server.guest("Ana")
    ana.say("a very private boat")
    ana.say("/nonsense")
    text = ana.client.get("/metrics").text
    assert 'chatelier_web_wishes_total{kind="say",outcome="ok"} 1.0' in text
    assert 'chatelier_web_wishes_total{kind="say",outcome="unknown_command"} 1.0' in text
    assert "chatelier_web_sockets 1.0" in text
    assert "private" not in text
    assert "Ana" not in text


def test_every_file_that_a_page_names_is_bundled(web_server: WebServer) -> None:
    ana = web_server.user("Ana")
    waiting = re.findall(r'(?:src|href)="(/static/[^"]+)"', ana.front_page())
    seen: set[str] = set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = ana.client.get(path)
        assert answer.status_code == 200, path
        if path.endswith(".js") and "vendor" not in path:
            waiting += [
                urljoin(path, name) for name in re.findall(r'(?:from|import) "(\.[^"]+)"', answer.text)
            ]
    assert {"/static/app.js", "/static/socket.js", "/static/attachments.js", "/static/app.css"} <= seen


def test_a_job_that_ended_badly_says_why(web_server: WebServer) -> None:
    ana = web_server.guest("Ana")
    job_id = ana.say("a boat")["job"]
    end_job(web_server.ports, job_id, JobState.FAILED)
    web_server.ports.events.publish(JobEnded(job_id=job_id, platform=Platform.WEB, state=JobState.FAILED))
    assert "Nothing was charged" in ana.card(job_id, "failed")
