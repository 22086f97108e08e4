"""How shared answers are written on Discord: mentions show present names and ping nobody."""

from datetime import datetime

from bots.discord.texts import texts
from bots.discord.texts.escaping import plain
from bots.texts.answers import Formatter
from studio.domain.people import Person, Platform


def _person(person: Person) -> str:
    return texts.mention(person)


def _channel(channel: str) -> str:
    return f"<#{channel}>" if channel.isdecimal() else plain(channel, longest=60)


def _role(role: str) -> str:
    return f"<@&{role}>" if role.isdecimal() else plain(role, longest=60)


def moment(when: datetime) -> str:
    return f"<t:{int(when.timestamp())}:R>"


def _code(text: str) -> str:
    return f"`{text.replace('`', '')}`"


def mention_of_key(person_key: str) -> str:
    """A person by their key alone."""
    platform, _, rest = person_key.partition(":")
    user_id = rest.rpartition(":")[2]
    known = platform == Platform.DISCORD and user_id.isdecimal()
    return f"<@{user_id}>" if known else plain(user_id, longest=40)


VOICE = Formatter(text=plain, person=_person, channel=_channel, role=_role, moment=moment, code=_code)
