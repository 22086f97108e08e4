"""Double clicks: the same person on the same button within a moment means it once."""

import time
from collections import OrderedDict

import discord

_MOMENT_SECONDS = 2.0
_REMEMBERED = 2000


class Clicks:
    """A message's events all come to the process of its shard, so remembering them here is enough."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[int, int, str], tuple[float, str]] = OrderedDict()

    def key_of(self, interaction: discord.Interaction, custom_id: str) -> str:
        """The request key of a click: its own, or that of the click which it repeats."""
        where = interaction.message.id if interaction.message else 0
        click = (where, interaction.user.id, custom_id)
        now = time.monotonic()
        clicked_at, key = self._seen.pop(click, (now, f"discord:{interaction.id}"))
        if now - clicked_at > _MOMENT_SECONDS:
            clicked_at, key = now, f"discord:{interaction.id}"
        self._seen[click] = (clicked_at, key)
        while len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return key
