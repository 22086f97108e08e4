"""How shared answers are written on Slack: links to people for those who answer for them, and no markup of theirs."""

from datetime import datetime

from bots.slack.texts.escaping import mrkdwn
from bots.texts.answers import Formatter
from studio.domain.people import Person, Platform


def person(who: Person) -> str:
    """A link to their profile, for answers that one pair of eyes sees and for the moderators' desk."""
    return f"<@{who.user_id}>" if who.platform is Platform.SLACK else mrkdwn(who.display_name, longest=80)


def person_of_key(person_key: str) -> str:
    platform, _, rest = person_key.partition(":")
    user_id = rest.rpartition(":")[2]
    known = platform == Platform.SLACK and user_id.isalnum()
    return f"<@{user_id}>" if known else mrkdwn(user_id, longest=40)


def channel(identifier: str) -> str:
    return f"<#{identifier}>" if identifier.isalnum() else mrkdwn(identifier, longest=60)


def moment(when: datetime) -> str:
    """In the reader's own time zone."""
    return f"<!date^{int(when.timestamp())}^{{date_short_pretty}} {{time}}|{when:%Y-%m-%d %H:%M} UTC>"


def code(text: str) -> str:
    """A command is named as it is typed here."""
    text = text.replace("`", "")
    return f"`{'/studio ' + text[1:] if text.startswith('/') else text}`"


def _role(name: str) -> str:
    """As text: naming a user group would call all of its members."""
    return code(name[:60])


VOICE = Formatter(text=mrkdwn, person=person, channel=channel, role=_role, moment=moment, code=code)
