"""What only Discord says."""

from collections.abc import Sequence

from bots.presentation.message import Spans
from bots.presentation.spans import sentence
from studio.domain.deliveries import DeliveryKind

COMMAND_CHANGED = "This command has changed. Reload Discord (Ctrl+R) and try again."
LAUNCH = "launch"
LAUNCH_DESCRIPTION = "Open the web page here: draw masks, look through pictures and paint together."
TAKEN_BACK = "…"
NEXT_STEP = "More settings"
ELSEWHERE = "I cannot write in the channel where you asked, so the answer is here:"
OUTLASTED = "Where you asked, Discord lets me answer for a quarter of an hour. This took longer, so the answer is here:"
THREAD_NAMES = {DeliveryKind.JOB: "Made from this", DeliveryKind.REMARK: "What happened"}
OPEN_DESK = "Everybody here can read {channel}, and cases show what people wrote. Hide it from members."
LACKING = (
    "There the bot lacks these permissions: {permissions}. An administrator of the server can grant them."
)
WRONG_TOKEN = (
    "Discord does not accept the bot's token. Copy it anew from the developer portal (Bot, Reset Token) "
    "into CHATELIER_DISCORD__TOKEN."
)
NO_INTENTS = (
    "Discord refuses the bot's intents. Chatelier needs no privileged ones; is this the right application?"
)
WRONG_SHARDS = (
    "Discord does not accept this division into shards. Correct CHATELIER_DISCORD__SHARD_COUNT and "
    "CHATELIER_DISCORD__SHARD_IDS, or unset both."
)
NOT_DISCORD = "CHATELIER_DISCORD__API_URL does not lead to Discord's API (it answered {status})."


def elsewhere(lacking: Sequence[str]) -> Spans:
    """Above a message that could not go to its channel; an administrator can give what is lacking."""
    if not lacking:
        return sentence(ELSEWHERE)
    return (*sentence(ELSEWHERE), "\n", *sentence(LACKING, permissions=", ".join(lacking)))
