"""Draws the pictures of the Slack section in the documents: the face's real blocks, painted by Thimble.

The face runs against the tests' loopback Slack, which takes only what Slack takes. What it was sent, blocks and
uploaded files, is then drawn by the few rules of this script. Letters, colours and spaces are the script's own and
not Slack's; texts, buttons, fields, pictures and their order are what the face sends. Run it from the repository:

    PYTHONPATH=. CHROMIUM=/usr/bin/chromium .venv/bin/python scripts/slack_pictures.py docs
"""

import asyncio
import base64
import html
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from playwright.async_api import Browser, async_playwright

from engine.imaging.image_tools import PillowImageTools
from engine.storage import open_store
from scripts.discord_pictures import HOLD, PROMPT, Desk, Painting
from studio.db.tables import CaseRow
from studio.domain.events import CaseChanged, JobEnded, JobProgress
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.domain.verdicts import ALLOWED
from tests.support.fakes import FakeGate, fake_ports
from tests.support.loopback_slack import ANA, BO, MOD, MODERATORS, LoopbackSlack, Message
from tests.support.slack_sim import SlackRoom, open_slack_room

WIDTH = 720
STYLE = """
*{box-sizing:border-box}
body{margin:0;background:#fff;color:#1d1c1d;font:15px/1.46 Lato,"Noto Sans","DejaVu Sans",sans-serif}
#shot{padding:20px;width:720px}
.card{width:680px}
.modal{border:1px solid #ddd;border-radius:10px;padding:16px 20px 20px}
.modal>h2{font-size:20px;margin:0 0 12px}
.from{display:flex;gap:10px;align-items:center;margin-bottom:6px}
.icon{width:36px;height:36px;border-radius:8px;background:#c2571b;color:#fff;font-size:20px;text-align:center;line-height:36px}
.from b{font-weight:700}
.tag{background:#e8e8e8;color:#616061;font-size:10px;padding:1px 4px;border-radius:3px;margin-left:4px}
.blocks{margin-left:46px}
.modal .blocks,.home .blocks{margin-left:0}
.block{margin:8px 0}
h3{font-size:18px;margin:14px 0 6px}
.context{color:#616061;font-size:13px}
.block img{max-width:440px;width:100%;border-radius:8px;display:block}
.home .block img{max-width:240px}
.actions{display:flex;flex-wrap:wrap;gap:8px}
.button{border:1px solid #bbb;border-radius:4px;padding:4px 12px;font-size:13px;font-weight:700;background:#fff}
.primary{background:#007a5a;border-color:#007a5a;color:#fff}
.danger{background:#e01e5a;border-color:#e01e5a;color:#fff}
.select,.field{border:1px solid #bbb;border-radius:4px;padding:4px 10px;font-size:13px;color:#555}
.select::after{content:" ⌄"}
.field{display:block;min-height:30px}
.tall{min-height:56px}
.row{display:flex;justify-content:space-between;gap:12px;align-items:center}
label{font-weight:700;display:block;margin-bottom:4px}
code{background:#f6f6f6;border:1px solid #e3e3e3;border-radius:3px;color:#c01343;padding:0 3px;font-size:12px}
.mention{background:#e8f5fa;color:#1264a3;border-radius:3px;padding:0 2px}
hr{border:0;border-top:1px solid #ddd;margin:14px 0}
"""
SHORT = {":warning:": "⚠️"}


@dataclass(frozen=True, slots=True)
class Drawing:
    """Blocks as HTML, with the files of one Slack."""

    slack: LoopbackSlack

    def message(self, message: Message) -> str:
        name = '<div><b>Chatelier</b><span class="tag">APP</span></div>'
        head = f'<div class="from"><div class="icon">C</div>{name}</div>'
        return f'<div class="card">{head}<div class="blocks">{self.blocks(message.blocks)}</div></div>'

    def modal(self, view: Mapping[str, Any]) -> str:
        foot = (
            f'<div class="actions" style="justify-content:flex-end;margin-top:14px">{_button(view["close"]["text"])}'
            f"{_button(view['submit']['text'], 'primary')}</div>"
        )
        title = html.escape(view["title"]["text"])
        blocks = self.blocks(view["blocks"])
        return f'<div class="card modal"><h2>{title}</h2><div class="blocks">{blocks}</div>{foot}</div>'

    def home(self, view: Mapping[str, Any]) -> str:
        return f'<div class="card modal home"><div class="blocks">{self.blocks(view["blocks"])}</div></div>'

    def blocks(self, blocks: Iterable[Mapping[str, Any]]) -> str:
        return "".join(f'<div class="block">{self._block(block)}</div>' for block in blocks)

    def _block(self, block: Mapping[str, Any]) -> str:
        match block["type"]:
            case "section":
                accessory = block.get("accessory")
                text = _mrkdwn(block["text"]["text"])
                return f'<div class="row"><div>{text}</div>{_element(accessory)}</div>' if accessory else text
            case "header":
                return f"<h3>{html.escape(block['text']['text'])}</h3>"
            case "context":
                inner = " ".join(_mrkdwn(each["text"]) for each in block["elements"])
                return f'<div class="context">{inner}</div>'
            case "image":
                data = base64.b64encode(self.slack.files[block["slack_file"]["id"]]["data"]).decode()
                return f'<img src="data:image;base64,{data}" alt="">'
            case "actions":
                return f'<div class="actions">{"".join(map(_element, block["elements"]))}</div>'
            case "input":
                return f"<label>{html.escape(block['label']['text'])}</label>{_element(block['element'])}"
            case _:
                return "<hr>"


def _element(element: Mapping[str, Any]) -> str:
    match element["type"]:
        case "button":
            return _button(element["text"]["text"], element.get("style", ""))
        case "static_select" | "multi_static_select" | "conversations_select":
            chosen = (element.get("initial_option") or {}).get("text") or element.get("placeholder") or {}
            return f'<span class="select">{html.escape(chosen.get("text", ""))}</span>'
        case "plain_text_input":
            shown = element.get("initial_value") or (element.get("placeholder") or {}).get("text", "")
            return f'<span class="field {"tall" if element.get("multiline") else ""}">{html.escape(shown)}</span>'
        case _:
            return '<span class="field"></span>'


def _button(text: str, style: str = "") -> str:
    return f'<span class="button {style}">{html.escape(text)}</span>'


def _mrkdwn(text: str) -> str:
    """The little of mrkdwn that the face writes. Its texts are escaped already."""
    text = re.sub(r"<!date\^[^|>]*\|([^>]*)>", r"\1", text)
    text = re.sub(r"<@U0(\w+)>", lambda found: f'<span class="mention">@{found[1].title()}</span>', text)
    text = re.sub(r"<#C0(\w+)>", lambda found: f'<span class="mention">#{found[1].lower()}</span>', text)
    text = re.sub(r"(?<!\u200b)`([^`]+)`", r"<code>\1</code>", text)
    text = re.sub(r"(?<!\u200b)\*([^*\n]+)\*", r"<b>\1</b>", text)
    for name, emoji in SHORT.items():
        text = text.replace(name, emoji)
    return text.replace("\n", "<br>")


@dataclass(frozen=True, slots=True)
class Camera:
    browser: Browser
    folder: Path

    async def take(self, name: str, body: str) -> None:
        page = await self.browser.new_page(viewport={"width": WIDTH, "height": 900})
        await page.set_content(f'<meta charset="utf-8"><style>{STYLE}</style><div id="shot">{body}</div>')
        path = self.folder / f"{name}.png"
        await page.locator("#shot").screenshot(path=path)
        await page.close()
        print(path)


async def show_end(room: SlackRoom, job_id: str) -> None:
    await room.tell(JobEnded(job_id=job_id, platform=Platform.SLACK, state=JobState.DONE))


async def show_progress(room: SlackRoom, job_id: str, announced: Sequence[JobProgress]) -> None:
    """A step brings the glimpse, and the next one shows it."""
    half = next(each for each in announced if each.preview and each.step * 2 >= each.steps)
    for _ in range(2):
        room.rest(job_id)
        await room.face.board.progressed(replace(half, job_id=job_id, seconds_left=6.0))
        await room.face.previews.finish(seconds=60)
        await asyncio.sleep(1)  # a channel hears of progress once a second


async def take_all(room: SlackRoom, painting: Painting, camera: Camera) -> None:
    drawing = Drawing(room.slack)
    rehearsal = await room.imagine(f"{PROMPT} --seed 7")
    announced = await painting.paint(room, rehearsal)
    job_id = await room.imagine(f"{PROMPT} --seed 7")
    message = room.message
    await show_progress(room, job_id, announced)
    await camera.take("slack-progress", drawing.message(message))
    await painting.paint(room, job_id)
    await show_end(room, job_id)
    await camera.take("slack-grid", drawing.message(message))

    single = await room.imagine("a blue boat on a green sea --seed 3 --count 1")
    await painting.paint(room, single)
    await show_end(room, single)
    await room.send(room.slack.press(room.message, f"c1:edit:{single}:1"))
    await camera.take("slack-edit", drawing.modal(room.view))

    await take_case(room, painting, camera)
    await room.send(room.slack.event({"type": "app_home_opened", "user": ANA, "tab": "home"}))
    await camera.take("slack-home", drawing.home(room.slack.homes[ANA][-1]))


async def take_case(room: SlackRoom, painting: Painting, camera: Camera) -> None:
    await room.slash(f"community desk <#{MODERATORS}>", command="/studio", user=MOD)
    gate = cast("FakeGate", room.ports.gate)
    held = await room.imagine("two knights in a battle --seed 5 --count 1", user=BO)
    gate.picture_verdict = HOLD
    await painting.paint(room, held)
    gate.picture_verdict = ALLOWED
    with room.ports.database.read() as session:
        case_id = session.query(CaseRow).one().id
    await room.tell(CaseChanged(case_id=case_id, platform=Platform.SLACK))
    await camera.take("slack-case", Drawing(room.slack).message(room.message))


async def main(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as home:
        made = fake_ports(f"sqlite:///{home}/studio.sqlite3")
        ports = replace(
            made,
            store=open_store(f"{home}/storage"),
            image_tools=PillowImageTools(),
            desk=Desk(database=made.database),
        )
        painting = Painting(ports, Path(home))
        try:
            async with (
                async_playwright() as playwright,
                open_slack_room(ports, preview_first_seconds=0.0, preview_every_seconds=0.0) as room,
            ):
                browser = await playwright.chromium.launch(
                    executable_path=os.environ.get("CHROMIUM"), args=["--no-sandbox"]
                )
                await take_all(room, painting, Camera(browser, folder))
                await browser.close()
        finally:
            painting.close()
            ports.database.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
