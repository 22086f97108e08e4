"""The blocks that messages and modals share."""

from typing import Any

from bots.presentation.limits import Limits

Block = dict[str, Any]
_ALT_TEXT = 2000


def plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": True}


def section(text: str, **more: Any) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}, **more}


def context(text: str) -> Block:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text, "verbatim": True}]}


def image_block(file_id: str, alt_text: str, limits: Limits) -> Block:
    shown = limits.text(alt_text, _ALT_TEXT, "alternative text")
    return {"type": "image", "slack_file": {"id": file_id}, "alt_text": shown}
