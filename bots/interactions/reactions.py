"""What a reaction to a message means, on every chat."""

from collections.abc import Awaitable, Callable

from bots.presentation.interaction_router import meaning_of
from bots.queries.message_lookup import ShownPictures, find_soon
from studio.commands.button_ids import Action, Button


async def find_button_meant(
    emoji: str, find: Callable[[], Awaitable[ShownPictures | None]], *, added: bool, age_seconds: float
) -> tuple[ShownPictures, Button] | None:
    """What a message shows, and the button that a reaction to it stands for. Only a star can be taken back.

    `find` and `age_seconds` as of `find_soon`.
    """
    meaning = meaning_of(emoji)
    if meaning is None or not (added or meaning[0] is Action.STAR):
        return None
    shown = await find_soon(find, age_seconds=age_seconds)
    button = shown.button_for(*meaning) if shown else None
    return (shown, button) if shown and button else None
