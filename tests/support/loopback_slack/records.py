"""Whom and what the loopback Slack knows: its people and channels, and the messages that it shows."""

from dataclasses import dataclass, field
from typing import Any

from tests.support.block_kit import files_of

TEAM, BOT_USER, BOT = "T0TEAM", "U0BOT", "B0BOT"
BOT_TOKEN, APP_TOKEN, SIGNING_SECRET = "xoxb-loopback-token", "xapp-loopback-token", "5" * 32
CLIENT_ID, CLIENT_SECRET = "123.456", "c" * 32
GENERAL, PRIVATE, STRANGE = "C0GENERAL", "G0PRIVATE", "C0STRANGE"
MODERATORS = "C0MODS"  # a private channel of the newer kind, whose id looks like any
STRANGE_DM = "D0STRANGE"  # between two people
ANA, BO, MOD = "U0ANA", "U0BO", "U0MOD"
PATIENCE_SECONDS = 300.0  # bounds a hang


@dataclass(kw_only=True)
class Message:
    channel: str
    ts: str
    text: str
    blocks: list[dict[str, Any]]
    thread_ts: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)  # seen by apps only
    edits: list[tuple[float, list[dict[str, Any]]]] = field(default_factory=list)

    @property
    def buttons(self) -> list[str]:
        return [
            element["action_id"]
            for block in self.blocks
            if block["type"] == "actions"
            for element in block["elements"]
        ]

    @property
    def picture(self) -> str | None:
        return next(iter(files_of(self.blocks)), None)

    @property
    def pictures(self) -> list[str]:
        return files_of(self.blocks)

    @property
    def options(self) -> list[str]:
        """The ids of its buttons, those of its menus among them."""
        elements = [
            element for block in self.blocks if block["type"] == "actions" for element in block["elements"]
        ]
        return [option["value"] for element in elements for option in element.get("options", [element])]

    @property
    def words(self) -> str:
        return said(self.blocks)

    def says(self) -> list[str]:
        """Everything it ever said, in order."""
        return [said(blocks) for _, blocks in self.edits]


def said(blocks: list[dict[str, Any]]) -> str:
    texts = []
    for block in blocks:
        if isinstance(block.get("text"), dict):
            texts.append(block["text"]["text"])
        texts += [field["text"] for field in block.get("fields", ())]
        texts += [
            element["text"] for element in block.get("elements", ()) if isinstance(element.get("text"), str)
        ]
    return "\n".join(texts)


@dataclass(kw_only=True)
class Refusal:
    status: int = 200
    body: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
