"""The public page that says where a picture comes from."""

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from bots.texts.privacy_notice import PrivacyFacts
from studio.domain.provenance import GenerationClaim, Traces
from studio.ports import Ports
from tests.support.web_client import ADDRESS, WebServer, web_settings

PICTURE = "k3v9m2p4qx7a.1"
NOTHING = Traces()


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 64), (200, 40, 40)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def instance(ports: Ports) -> Iterator[WebServer]:
    with WebServer(ports, web_settings(shared_secret="apple")) as instance:
        yield instance


def verify(instance: WebServer, traces: Traces = NOTHING, **options: Any) -> Any:
    instance.ports.examiner.traces = traces  # type: ignore[attr-defined]
    options = options or {"files": {"file": ("x.png", png())}}
    headers = {"origin": ADDRESS, **options.pop("headers", {})}
    return instance.browser().client.post("/verify", headers=headers, **options)


def test_a_browser_gets_the_verdict_as_a_page(instance: WebServer) -> None:
    assert "Drop a picture here" in instance.browser().client.get("/verify").text
    page = verify(
        instance,
        Traces(credentials=PICTURE),
        files={"file": ("x.png", png())},
        headers={"accept": "text/html"},
    )
    assert page.status_code == 200
    assert "Made here" in page.text
    assert "signed with the key of this instance" in page.text


def test_a_program_gets_json_for_a_form_and_for_the_file_alone(instance: WebServer) -> None:
    claim = Traces(generation=GenerationClaim.METADATA, generator="Somebody's <b>")
    for options in ({"files": {"file": ("x.png", png())}}, {"content": png()}):
        answer = verify(instance, claim, **options)
        assert answer.status_code == 200
        assert answer.json()["origin"] == "ai_elsewhere"
        assert "The program that it names is Somebody's <b>." in answer.json()["certain"]


def test_what_a_file_says_is_escaped_on_the_page(instance: WebServer) -> None:
    claim = Traces(generation=GenerationClaim.METADATA, generator="<script>")
    page = verify(instance, claim, files={"file": ("x.png", png())}, headers={"accept": "text/html"})
    assert "&lt;script&gt;" in page.text


def test_nothing_of_the_file_is_stored(instance: WebServer) -> None:
    verify(instance)
    assert not instance.ports.store.blobs  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"content": b"bad words"}, 422),
        ({"content": b""}, 422),
        ({"content": iter([b"of no known length"])}, 422),
        ({"files": {"other": ("x.png", b"x")}}, 422),
    ],
)
def test_what_is_no_picture_is_refused_with_a_sentence(
    instance: WebServer, options: Any, status: int
) -> None:
    answer = verify(instance, NOTHING, **options)
    assert answer.status_code == status
    assert answer.json()["problem"]


def test_one_address_may_not_examine_without_end(instance: WebServer) -> None:
    statuses = [verify(instance).status_code for _ in range(11)]
    assert statuses == [200] * 10 + [429]


def test_a_member_downloads_what_is_kept_of_them_and_a_stranger_does_not(instance: WebServer) -> None:
    assert instance.browser().client.get("/export-me").status_code == 401
    answer = instance.user("Ana", "apple").client.get("/export-me")
    assert answer.headers["content-disposition"].endswith('filename="chatelier-export.zip"')
    assert "records/people.json" in zipfile.ZipFile(io.BytesIO(answer.content)).namelist()


def test_everybody_reads_the_privacy_notice_of_this_instance(ports: Ports) -> None:
    facts = PrivacyFacts(operator="the Example Club", contact="club@example.org", keep_days=90, invites=True)
    with WebServer(ports, web_settings(privacy=facts)) as room:
        page = room.browser().client.get("/privacy").text
        member = room.user("Ana").client
        for inside in ("/", "/help"):
            assert 'href="/privacy"' in member.get(inside, headers={"hx-request": "true"}).text
    for stated in ("The Example Club runs", "club@example.org", "after 90 days", "invite word", "/export-me"):
        assert stated in page
    assert "{" not in page.partition("<body")[2]
