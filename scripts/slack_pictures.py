"""Draws the pictures of the Slack section in the documents: the front end's real blocks, painted by Thimble.

The front end runs against the tests' loopback Slack, which takes only what Slack takes. What it was sent, blocks and
uploaded files, is then drawn by the few rules of this script. Letters, colours and spaces are the script's own and
not Slack's; texts, buttons, fields, pictures and their order are what the front end sends. Run it from the repository:

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
from tests.support.loopback_slack.records import ANA, BO, MOD, MODERATORS, Message
from tests.support.loopback_slack.server import LoopbackSlack
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
.block img{max-width:360px;width:100%;border-radius:8px;display:block}
.carousel{display:flex;gap:12px;overflow:hidden}
.tile{border:1px solid #ddd;border-radius:12px;overflow:hidden;flex:0 0 220px}
.tile .block,.tile b{margin:8px 12px;display:inline-block}
.tile img{border-radius:0;max-width:100%}
.fields{display:grid;grid-template-columns:1fr 1fr;gap:8px 16px}
.hint,.title{color:#616061;font-size:13px}
.options label{font-weight:400;display:block;margin:2px 0}
pre{background:#f8f8f8;border:1px solid #ddd;border-radius:4px;padding:8px;white-space:pre-wrap;font-size:12px;margin:0}
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
                fields = "".join(f"<div>{_mrkdwn(field['text'])}</div>" for field in block.get("fields", ()))
                return f'<div class="fields">{fields}</div>' if fields else _mrkdwn(block["text"]["text"])
            case "header":
                return f"<h3>{html.escape(block['text']['text'])}</h3>"
            case "context":
                inner = " ".join(_mrkdwn(element["text"]) for element in block["elements"])
                return f'<div class="context">{inner}</div>'
            case "image":
                title = (block.get("title") or {}).get("text", "")
                return f'<div class="title">{html.escape(title)}</div>{self._image(block)}'
            case "carousel":
                cards = "".join(map(self._card, block["elements"]))
                return f'<div class="carousel">{cards}</div>'
            case "actions":
                return f'<div class="actions">{"".join(map(_element, block["elements"]))}</div>'
            case "input":
                optional = ' <span class="hint">(optional)</span>' if block["optional"] else ""
                hint = html.escape((block.get("hint") or {}).get("text", ""))
                label = f"<label>{html.escape(block['label']['text'])}{optional}</label>"
                return f'{label}{_element(block["element"])}<div class="hint">{hint}</div>'
            case _:
                return "<hr>"

    def _image(self, image: Mapping[str, Any]) -> str:
        data = base64.b64encode(self.slack.files[image["slack_file"]["id"]]["data"]).decode()
        return f'<img src="data:image;base64,{data}" alt="">'

    def _card(self, card: Mapping[str, Any]) -> str:
        title = _mrkdwn(card["title"]["text"]) if "title" in card else ""
        return f'<div class="tile">{self._image(card["hero_image"])}{title}</div>'


def _element(element: Mapping[str, Any]) -> str:
    match element["type"]:
        case "button":
            return _button(element["text"]["text"], element.get("style", ""))
        case "static_select" | "multi_static_select" | "conversations_select":
            chosen = (element.get("initial_option") or {}).get("text") or element.get("placeholder") or {}
            return f'<span class="select">{html.escape(chosen.get("text", ""))}</span>'
        case "plain_text_input" | "number_input":
            shown = element.get("initial_value") or (element.get("placeholder") or {}).get("text", "")
            return f'<span class="field {"tall" if element.get("multiline") else ""}">{html.escape(shown)}</span>'
        case "radio_buttons" | "checkboxes":
            chosen = [element.get("initial_option"), *element.get("initial_options", ())]
            marks = ("◉", "◯") if element["type"] == "radio_buttons" else ("☑", "☐")
            rows = [
                f"<label>{marks[option not in chosen]} {html.escape(option['text']['text'])}</label>"
                for option in element["options"]
            ]
            return f'<div class="options">{"".join(rows)}</div>'
        case "file_input":
            return _button("Upload a file")
        case _:
            return '<span class="field"></span>'


def _button(text: str, style: str = "") -> str:
    return f'<span class="button {style}">{html.escape(text)}</span>'


def _mrkdwn(text: str) -> str:
    """The little of mrkdwn that the front end writes. Its texts are escaped already."""
    text = re.sub(r"```\n(.*?)\n```", r"<pre>\1</pre>", text, flags=re.DOTALL)
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

    async def take(self, name: str, body: str, width: int = WIDTH) -> None:
        page = await self.browser.new_page(viewport={"width": width, "height": 900})
        narrow = (
            f"#shot{{width:{width}px}}.card{{width:auto}}.blocks{{margin-left:0}}" if width < WIDTH else ""
        )
        style = f"<style>{STYLE}{narrow}</style>"
        await page.set_content(f'<meta charset="utf-8">{style}<div id="shot">{body}</div>')
        path = self.folder / f"{name}.png"
        await page.locator("#shot").screenshot(path=path)
        await page.close()
        print(path)


async def show_end(room: SlackRoom, job_id: str) -> None:
    await room.tell(JobEnded(job_id=job_id, platform=Platform.SLACK, state=JobState.DONE))


async def show_progress(room: SlackRoom, job_id: str, announced: Sequence[JobProgress]) -> None:
    """A step brings the glimpse, and the next one shows it."""
    half = next(
        progress for progress in announced if progress.preview and progress.step * 2 >= progress.steps
    )
    for _ in range(2):
        room.rest(job_id)
        await room.app.delivery.show_progress(replace(half, job_id=job_id, seconds_left=6.0))
        await room.app.previews.finish(seconds=60)
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
    await room.slash(f"delete {rehearsal}", command="/studio")
    await room.imagine("a lighthouse on a cliff at night")
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
