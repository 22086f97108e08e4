"""A moderator at the desk in a real browser: keys, blurred pictures, and a decision that is followed."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, Route, expect

from bots.web import create_app
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db import queries
from studio.domain.jobs import JobState
from studio.domain.verdicts import ALLOWED, Ruling, Verdict
from studio.ports import Ports
from tests.conftest import free_port
from tests.support.browser import PATIENCE_MILLISECONDS, open_browser
from tests.support.case_sim import with_desk
from tests.support.fakes import someone, somewhere
from tests.support.finished_jobs import paint_job
from tests.support.served_app import serving
from tests.support.web_client import web_settings

pytestmark = pytest.mark.timeout(1200)


@pytest.fixture
def instance(ports: Ports) -> Ports:
    return with_desk(ports)


@pytest.fixture
def address(instance: Ports) -> Iterator[str]:
    port = free_port()
    app = create_app(instance, web_settings(moderator_secret="keys", port=port))
    with serving(app, port):
        yield f"http://127.0.0.1:{port}"


def asks(name: str, mark: str) -> Call:
    return Call(person=someone(name), address=somewhere(), request_key=f"desk:{name}:{mark}")


def hold(instance: Ports, prompt: str, mark: str) -> str:
    instance.gate.verdict = Verdict(  # type: ignore[attr-defined]
        ruling=Ruling.HOLD, rule="meaning", category="violence", evidence="violence 0.71"
    )
    job = execute(instance, asks("ana", mark), "imagine", {"prompt": prompt})
    instance.gate.verdict = ALLOWED  # type: ignore[attr-defined]
    return str(job.job_id)  # type: ignore[union-attr]


def landscape() -> bytes:
    image = Image.new("RGB", (256, 256), "#9ec7e8")
    draw = ImageDraw.Draw(image)
    draw.ellipse((170, 30, 220, 80), fill="#f4c542")
    draw.polygon([(0, 256), (90, 90), (180, 256)], fill="#5b7553")
    draw.polygon([(110, 256), (200, 120), (256, 256)], fill="#3f5a43")
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def come_in(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_label("Your name").fill("Mo")
    page.get_by_text("I moderate here").click()
    page.get_by_label("Moderators’ word").fill("keys")
    page.get_by_role("button", name="Come in").click()
    page.get_by_role("link", name="The moderators’ desk").click()


def test_a_moderator_works_through_the_desk_with_keys_alone(
    instance: Ports, address: str, chromium_path: str, tmp_path: Path
) -> None:
    first = hold(instance, "a knight after a battle, oil painting", "1")
    job = paint_job(
        instance,
        execute(instance, asks("bo", "2"), "imagine", {"prompt": "two hills"}).job_id,
        png=landscape(),
    )  # type: ignore[union-attr]
    execute(instance, asks("cy", "3"), "report", {"picture": f"{job}.1", "reason": "this is my drawing"})
    with open_browser(chromium_path) as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(PATIENCE_MILLISECONDS)
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        come_in(page, address)
        expect(page.locator(".case-line")).to_have_count(2)

        expect(page.locator(".case-line.chosen")).to_have_count(1)  # by now it listens to keys
        page.keyboard.press("Enter")
        expect(page.locator(".case .facts")).to_contain_text("a knight after a battle")
        page.keyboard.press("a")
        expect(page.locator("#line")).to_have_text("Approved.")
        expect(page.locator(".case-line")).to_have_count(1)
        with instance.database.read() as session:
            assert queries.find_job(session, first).state is JobState.QUEUED

        page.keyboard.press("Enter")
        picture = page.locator(".evidence img")
        expect(picture).to_have_attribute("src", re.compile(r"\.1$"))
        page.keyboard.press("v")
        expect(picture).to_have_attribute("src", re.compile(r"\?seen$"))
        page.keyboard.press("v")
        expect(picture).to_have_attribute("src", re.compile(r"\.1$"))

        # What cannot be undone is asked twice; and a case that comes meanwhile appears by itself.
        hold(instance, "a shipwreck at night", "4")
        page.keyboard.press("x")
        page.get_by_role("button", name="Keep").click()
        expect(page.locator(".case-line")).to_have_count(2)
        page.screenshot(path=tmp_path / "desk.png")
        page.keyboard.press("r")
        expect(page.locator("#line")).to_have_text("The picture was taken down.")
        expect(page.locator(".case-line")).to_have_count(1)
        with instance.database.read() as session:
            assert f"{job}.1" not in [picture.id for picture in queries.pictures_of_job(session, job)]
        assert complaints == []


def test_leaving_is_asked_about_first_because_the_name_stays_taken(chromium_path: str, address: str) -> None:
    with open_browser(chromium_path) as browser:
        page = browser.new_page()
        come_in(page, address)
        page.goto(address)
        for answer in ("Keep", "Leave"):
            page.locator("#present summary").click()
            page.locator("#leave").click()
            expect(page.locator("#sure-text")).to_contain_text("which stays taken")
            page.locator("#sure").get_by_role("button", name=answer).click()
            if answer == "Keep":
                expect(page.locator("#say")).to_be_visible()
        expect(page.get_by_label("Your name")).to_be_visible()


def test_a_press_counts_before_the_script_runs_and_while_the_list_is_renewed(
    instance: Ports, address: str, chromium_path: str
) -> None:
    hold(instance, "a knight after a battle, oil painting", "1")
    with open_browser(chromium_path) as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(PATIENCE_MILLISECONDS)
        late: list[Route] = []

        def withhold(route: Route) -> None:
            late.append(route)

        page.route("**/static/desk/desk.js", withhold)
        come_in(page, address)
        page.locator(".case-line").click(no_wait_after=True)
        page.wait_for_url("**/desk#case-*", wait_until="commit")
        late[0].continue_()
        expect(page.locator(".case .facts")).to_contain_text("a knight after a battle")
        expect(page).to_have_url(f"{address}/desk")

        second = hold(instance, "a shipwreck at night", "2")
        line = page.locator(".case-line").nth(1)
        line.hover()
        page.mouse.down()
        hold(instance, "a castle on fire", "3")
        expect(page.locator(".case-line")).to_have_count(3)
        page.mouse.up()
        expect(page.locator(".case .facts")).to_contain_text("a shipwreck at night")
        with instance.database.read() as session:
            assert queries.find_job(session, second).state is JobState.HELD
