"""The public page of a shared picture, as a stranger and as another program read it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bots.web.download_links import DownloadLinks
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.ports import Ports
from tests.support.fakes import someone, somewhere
from tests.support.finished_jobs import paint_job
from tests.support.html_tree import read_html
from tests.support.web_client import ADDRESS, Browser, WebServer, web_settings


@pytest.fixture
def web(ports: Ports) -> Iterator[WebServer]:
    with WebServer(replace(ports, web_url=ADDRESS), web_settings(shared_secret="open sesame")) as web:
        yield web


@pytest.fixture
def link(web: WebServer, call: Call) -> str:
    job = paint_job(web.ports, execute(web.ports, call, "imagine", {"prompt": "a <fox> & moon"}).job_id)
    return str(execute(web.ports, call, "share", {"picture": f"{job}.1"}).url)  # type: ignore[union-attr]


def meta(browser: Browser, link: str) -> dict[str, str]:
    page = read_html(browser.client.get(link).text.replace("<!doctype html>", ""))
    attributes = [element.attributes for element in page if element.tag == "meta"]
    return {found["property"]: found["content"] for found in attributes if "property" in found}


def test_a_stranger_sees_the_picture_its_words_and_its_maker(web: WebServer, link: str, call: Call) -> None:
    stranger = web.browser()
    page = stranger.client.get(link)
    assert page.status_code == 200
    assert "a &lt;fox&gt; &amp; moon" in page.text
    assert f"by {call.person.display_name}" in page.text
    assert "Made with AI" in page.text
    assert 'href="/privacy"' in page.text
    image = stranger.client.get(f"{link}.png")
    assert image.content.startswith(b"picture ")
    assert image.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "content-disposition" not in image.headers
    assert f'href="{link}.png?download"' in page.text
    saved = stranger.client.get(f"{link}.png?download")
    assert saved.headers["content-disposition"].startswith('attachment; filename="chatelier-')
    assert saved.content == image.content


def test_chats_unfold_the_link_as_a_picture(web: WebServer, link: str) -> None:
    stranger = web.browser()
    tags = meta(stranger, link)
    assert tags["og:image"] == f"{link}.png"
    assert tags["og:title"] == "a <fox> & moon"
    assert stranger.client.get(tags["og:image"]).status_code == 200
    answer = stranger.client.get("/oembed", params={"url": link}).json()
    assert (answer["type"], answer["url"]) == ("photo", f"{link}.png")
    assert answer["width"] > 0


def test_the_page_credits_those_whose_pictures_it_was_made_from(web: WebServer, link: str) -> None:
    picture = web.browser().client.get(link).text.partition("/report?picture=")[2][:14]
    bo = Call(person=someone("bo"), address=somewhere(), request_key="bo")
    made = execute(web.ports, bo, "remix", {"picture": picture, "prompt": "a boat"})
    job = paint_job(web.ports, made.job_id)  # type: ignore[union-attr]
    remixed = str(execute(web.ports, bo, "share", {"picture": f"{job}.1"}).url)  # type: ignore[union-attr]
    stranger = web.browser()
    assert "by Bo, from pictures of Ana" in stranger.client.get(remixed).text
    assert "from pictures of" not in stranger.client.get(link).text


def test_the_image_comes_from_the_bucket_where_that_is_set(ports: Ports, call: Call) -> None:
    links = DownloadLinks(
        "https://bucket.example", lambda key, name="": f"https://bucket.example/{key}?name={name}"
    )
    ports = replace(ports, web_url=ADDRESS)
    job = paint_job(ports, execute(ports, call, "imagine", {"prompt": "a fox"}).job_id)
    link = str(execute(ports, call, "share", {"picture": f"{job}.1"}).url)  # type: ignore[union-attr]
    with WebServer(ports, web_settings(download_links=links)) as web:
        stranger = web.browser()
        image = stranger.client.get(f"{link}.png", follow_redirects=False)
        assert (image.status_code, image.headers["cache-control"]) == (302, "public, max-age=30")
        assert image.headers["location"].endswith(".png?name=")
        saved = stranger.client.get(f"{link}.png?download", follow_redirects=False)
        assert saved.headers["location"].endswith(f"?name=chatelier-{job}-1.png")
        execute(ports, call, "share", {"picture": f"{job}.1", "do": "stop"})
        assert stranger.client.get(f"{link}.png?download", follow_redirects=False).status_code == 404


def test_a_link_that_was_taken_back_says_no_more_than_one_that_never_was(
    web: WebServer, link: str, call: Call
) -> None:
    stranger = web.browser()
    picture = stranger.client.get(link).text.partition("/report?picture=")[2][:14]
    execute(web.ports, call, "share", {"picture": picture, "do": "stop"})
    accept = {"accept": "text/html"}
    gone = stranger.client.get(link, headers=accept)
    never = stranger.client.get(f"{ADDRESS}/s/never", headers=accept)
    assert (gone.status_code, gone.text) == (404, never.text)
    assert stranger.client.get(f"{link}.png").status_code == 404
    assert stranger.client.get("/oembed", params={"url": link}).status_code == 404


@pytest.mark.parametrize("path", ["/s/%00", "/oembed?url=%00", "/pictures?model=%00"])
def test_a_character_that_is_no_text_is_not_found(web: WebServer, path: str) -> None:
    assert web.browser().client.get(path).status_code == 404


@pytest.mark.parametrize("address", ["", "https://elsewhere.example/s/x", f"{ADDRESS}/view/x", "/s/x"])
def test_oembed_answers_for_links_of_this_instance_only(web: WebServer, address: str) -> None:
    assert web.browser().client.get("/oembed", params={"url": address}).status_code == 404
