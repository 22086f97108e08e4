"""What only Slack's front end says. The sentences that all front ends share are in `bots/texts`."""

from bots.presentation.message import ChannelName, Code, Command, PersonName, Spans
from bots.presentation.spans import sentence
from studio.domain.people import Person, Platform

WHAT_WITH_IT = (
    "Say what to do with the image: /vary, /upscale, /expand --sides left, /edit a boat --region B2-C3,"
    " or describe a picture to make from it."
)
NOT_SHOWN = (
    "Slack cannot show the picture at the moment. Press a button below, or ask for it again with"
    " `/studio show`."
)
NOT_INSTALLED = (
    "Chatelier is not installed here any more. An administrator of the workspace can install it again."
)
NOT_OPENED = "That took too long to open. Please try again."
GREETINGS = {
    "desk": "Cases for the moderators are shown here from now on.",
    "log": "The moderators’ weekly digest is posted here from now on.",
    "recap": "What happened in the week is posted here on Mondays from now on.",
    "stars": "Pictures with enough stars are shown here from now on.",
}

MODAL_LOADING = "One moment…"
GRID_COMING = "The picture under its lettered grid is on its way…"
GRID_MISSING = (
    "The lettered grid cannot be shown now. Columns are A to D from the left, rows 1 to 4 from the top."
)
SUBMIT = "Generate pictures"
CLOSE = "Cancel"
SURE = "Are you sure?"
PICTURE_NUMBER = "Picture {number}"

HOME_AWAY = "The database is not available at the moment. Please open this page again in a minute."

SHORTCUT_IMAGINE = "Generate pictures"
STUDIO_SUMMARY = "Everything else: vary, edit, expand, upscale, show, cancel and more."

WRONG_BOT_TOKEN = (
    "Slack does not accept the bot token ({code}). Copy it anew from your app's page"
    " (OAuth & Permissions, Bot User OAuth Token) into CHATELIER_SLACK__BOT_TOKEN."
)
WRONG_APP_TOKEN = (
    "Slack does not accept the app-level token ({code}). Make one with the scope connections:write"
    " (Basic Information, App-Level Tokens) and put it into CHATELIER_SLACK__APP_TOKEN."
)
NO_SIGNING_SECRET = (
    "HTTP mode needs the signing secret: copy it from your app's page (Basic Information)"
    " into CHATELIER_SLACK__SIGNING_SECRET."
)

_NOT_IN_CONVERSATION = "I am not in this conversation, so the answer comes to your direct messages."
_NOT_IN_CHANNEL = (
    "I am not in {channel}, so the answer comes to your direct messages."
    " Invite me with {invite} {bot}, and I answer there."
)
_OPEN_DESK = (
    "Everybody in this workspace can read {channel}, and cases show what people wrote."
    " Make it a private channel, or name another one with {command}."
)
_UNINVITED = "I cannot write in {channel}. Invite me there with {invite} {bot}."
_FROM_CONVERSATION = "I am not in the conversation where you asked, so the answer is here."
_FROM_CHANNEL = (
    "I cannot write in {channel}, where you asked, so the answer is here."
    " If the channel is not archived, {invite} {bot} lets me in."
)
_IN_THREADS = "In threads, mention the app: {example}. An image attached to the mention is a source picture."
_INVITE = Code("/invite")


def in_threads() -> Spans:
    """Where slash commands do not work."""
    return sentence(_IN_THREADS, example=Code("@Chatelier imagine a red fox"))


def not_here(bot_user: str, channel: str) -> Spans:
    if channel.startswith("D"):  # nobody can be invited into two people's conversation
        return sentence(_NOT_IN_CONVERSATION)
    return _about_channel(_NOT_IN_CHANNEL, bot_user, channel)


def open_desk(channel: str) -> Spans:
    return sentence(_OPEN_DESK, channel=ChannelName(channel), command=Command("/community desk"))


def invite_request(bot_user: str, channel: str) -> Spans:
    """To the moderator who named a channel for the app's own messages."""
    return _about_channel(_UNINVITED, bot_user, channel)


def elsewhere(bot_user: str, channel: str) -> Spans:
    """Above an answer that could not go to its channel."""
    if channel.startswith("D"):
        return sentence(_FROM_CONVERSATION)
    return _about_channel(_FROM_CHANNEL, bot_user, channel)


def _about_channel(text: str, bot_user: str, channel: str) -> Spans:
    bot = PersonName(Person.key_of(Platform.SLACK, "", bot_user))
    return sentence(text, channel=ChannelName(channel), invite=_INVITE, bot=bot)
