"""Every text of the Slack face that is not the house's."""

import re
from collections.abc import Sequence

from bots.delivery.job_view import JobView
from bots.slack.texts.command_parsing import as_typed
from bots.slack.texts.escaping import entities, mrkdwn
from bots.texts import cases as case_texts
from bots.texts import chat
from studio.commands.button_ids import Action
from studio.commands.registry import CATALOG
from studio.commands.spec import Audience, CommandSpec
from studio.domain.jobs import Job
from studio.domain.pictures import Picture
from studio.errors import ChatelierError, UnknownCommandError

LONGEST_ALTERNATIVE = 2000
LONGEST_SECTION = 3000
LONGEST_ERROR = 300

FOREIGN_FILE = "it does not come from Slack. Please upload it here."
WHAT_WITH_IT = (
    "Say what to do with the image: `vary`, `upscale`, `expand --sides left`, `edit a boat --region B2-C3`,"
    " or describe a picture to paint from it."
)
FILE_GONE = "the file is not here any more. Please upload it again."
DOWNLOAD_FAILED = "it could not be fetched from Slack. Please try again."
NOT_SHOWN = (
    "Slack does not take the picture just now. Press a button below, or ask for it again with `/studio show`."
)
HIDDEN = "A moderator let this through hidden: press Show to see it"
WHICH_CELLS = "Which part shall be painted anew? A1 is top left, D4 bottom right."
MODAL_LOADING = "One moment…"
GRID_COMING = "The picture under its lettered grid is on its way…"
GRID_MISSING = (
    "The lettered grid cannot be shown now. Columns are A to D from the left, rows 1 to 4 from the top."
)
MODAL_IMAGINE = "Paint from words"
MODAL_EXPAND = "Paint beyond the frame"
MODAL_REPORT = "Report a picture"
MODAL_APPEAL = "A second look"
SEND = "Send"
MODAL_PICK = "Which picture?"
SUBMIT = "Paint"
CLOSE = "Never mind"
FIELD_PICTURE = "Picture"
FIELD_CELLS = "Cells"
FIELD_SIDES = "Sides"
FIELD_AMOUNT = "How much to add on each side, in percent"
FIELD_ASPECT = "Or a new width to height, such as 16:9"
FIELD_NEW = "What the new part shows (optional)"
FIELD_CHANNEL = "Where"
FIELD_COUNT = "How many pictures"
FIELD_MODEL = "Model"
FIELD_STYLE = "Style"
FIELD_SHAPE = "Width to height, such as 3:2"
STAR_WHICH = "⭐ Star…"
PICTURE_NUMBER = "Picture {number}"

NOT_INSTALLED = (
    "Chatelier is not installed here any more. An administrator of the workspace can install it again."
)
GREETINGS = {
    "desk": "Cases for the moderators are laid here from now on.",
    "log": "This channel is named for the moderators’ digest.",
    "stars": "Pictures with enough stars are shown here from now on.",
}
COPY = "Your copy:"

HOME_CREDITS = "This month"
HOME_SETTINGS = "Your settings"
HOME_REMIX = "Who may build on my pictures"
HOME_COPIES = "Send me my finished pictures by direct message, too"
HOME_COUNT = "How many pictures, unless I say so"
HOME_ASPECT = "Width to height, unless I say so"
HOME_MODEL = "The model that paints for me"
HOME_STYLE = "A named style"
HOME_HOUSE = "the instance’s default"
YES, NO = "Yes", "No"
REMIX = {"anyone": "Anyone", "ask": "Whoever asks me", "nobody": "Nobody"}

NOT_OPENED = "That took too long to open. Please try again."

SHORTCUT_IMAGINE = "Paint a picture"
WHO_SUMMARY = "Say who made a picture, how, and from whose."
STUDIO_SUMMARY = "Everything else: vary, edit, expand, upscale, show, cancel and more."

HOME_QUEUE = "Your queue"
HOME_NOTHING = "Nothing is waiting."
HOME_RECENT = "Your latest pictures"
HOME_EMPTY = "Nothing yet. Type `/imagine a red fox in the snow` in any channel that I am in."
HOME_HELP = "Type `/studio help` to see what there is."
HOME_AWAY = "The studio's records are away for a moment. Please open this page again in a minute."

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


_COMMAND = re.compile(rf"(?<![\w/.])/(?:{'|'.join(sorted(CATALOG, reverse=True))})(?![\w/-])")


def sentence_of(error: ChatelierError) -> str:
    """The one place where errors become words: the studio writes them for people already."""
    if isinstance(error, UnknownCommandError):
        return unknown(error)
    pointer = chat.pointer(error)
    block = f"\n```\n{entities(pointer)}\n```" if pointer else ""
    return mrkdwn(as_typed_here(str(error)), longest=900) + block


def as_typed_here(sentence: str) -> str:
    """A sentence of the studio's; the commands that it names are typed otherwise on Slack."""
    return _COMMAND.sub(lambda named: as_typed(named[0]), sentence)


def unknown(error: UnknownCommandError) -> str:
    if not error.name:
        return "Type `/studio help` to see what there is."
    hint = (
        f"Did you mean `{as_typed(error.nearest)}`?"
        if error.nearest
        else "`/studio help` shows what there is."
    )
    return f"There is no command {mrkdwn(error.name, longest=32)}. {hint}"


def not_here(bot_user: str, channel: str) -> str:
    if channel.startswith("D"):  # nobody can be invited into two people's conversation
        return "I am no part of this conversation, so the answer comes to your direct messages."
    return (
        f"I am not in <#{channel}>, so the answer comes to your direct messages."
        f" Invite me with `/invite <@{bot_user}>` and I paint here."
    )


def open_desk(channel: str) -> str:
    return (
        f"Everybody in this workspace can read <#{channel}>, and cases show what people wrote."
        " Make it a private channel, or name one with `/studio community desk`."
    )


def uninvited(bot_user: str, channel: str) -> str:
    """To whoever named a channel for the app's own messages."""
    return f"I cannot write in <#{channel}>. Invite me there with `/invite <@{bot_user}>`."


def elsewhere(bot_user: str, channel: str) -> str:
    """Above an answer that could not go to its channel."""
    if channel.startswith("D"):
        return "I am no part of the conversation where you asked, so here it is."
    return (
        f"I cannot write in <#{channel}>, where you asked, so here it is."
        f" If the channel is open, `/invite <@{bot_user}>` brings me in."
    )


def name_of(job: Job) -> str:
    return f"@{mrkdwn(job.person.display_name, longest=80)}"


def credit(job_view: JobView) -> str:
    """``@ana, from @bo’s fox``. Names are text, so nobody is pinged."""
    sources = [
        ("" if each.own else name_of(each.job), mrkdwn(chat.subject_of(each.prompt)))
        for each in job_view.origins
    ]
    return chat.credit(name_of(job_view.job), sources)


def headline(prompt: str) -> str:
    return f"*{mrkdwn(prompt)}*" if prompt.strip() else "*A picture from an upload*"


def recipe(job: Job, pictures: Sequence[Picture]) -> str:
    """Seed, model, size and id in one line."""
    return chat.recipe(job, pictures, model=mrkdwn(pictures[0].recipe.model, longest=60))


def family(job: Job, picture: Picture, ancestors: Sequence[tuple[Picture, Job]]) -> str:
    """Who made a picture, how, and from whose."""
    moment = int(picture.created_at.timestamp())
    when = f"<!date^{moment}^{{date_short_pretty}} {{time}}|{picture.created_at:%Y-%m-%d %H:%M} UTC>"
    deed = chat.DEEDS[picture.recipe.operation].capitalize()
    lines = [headline(picture.recipe.prompt), f"{deed} by {name_of(job)}, {when}"]
    for ancestor, maker in ancestors[:8]:
        subject = mrkdwn(chat.subject_of(ancestor.recipe.prompt))
        lines.append(f"from {name_of(maker)}’s {subject}, {chat.DEEDS[ancestor.recipe.operation]}")
    return "\n".join([*lines, recipe(job, [picture])])


def help_text(*, moderates: bool, note: str = "") -> str:
    """Every command that the person may use, with an example. `note` is about the model that paints."""
    lines = [
        f"*{as_typed(spec.name)}* {spec.summary}\n        `{as_typed(spec.example)}`"
        for spec in CATALOG.values()
        if moderates or spec.audience is Audience.EVERYBODY
    ]
    ends = [
        "`/studio help` with a command's name tells of its options.",
        "Flags work in the words too: `--ar 3:2 --seed 7 --no text --steps 20`.",
        "In threads, mention me: `@Chatelier imagine a red fox`. An image you attach there is painted from.",
        "React to a picture: :one:–:four: vary, :repeat: again, :arrow_up: upscale, :star: star,"
        " :envelope: into my messages, :x: cancel or delete, :triangular_flag_on_post: report.",
    ]
    return "\n".join([*lines, "", *ends, *([note] if note else [])])


def help_of(spec: CommandSpec) -> str:
    """One command: what it does, an example, and what each of its options means."""
    lines = [f"*{as_typed(spec.name)}* {spec.summary}", f"`{as_typed(spec.example)}`"]
    for each in spec.parameters:
        name = each.name if each.positional else f"--{each.name}"
        lines.append(f"• `{name}` {'' if each.required else '(optional) '}{each.summary}")
    return "\n".join(lines)


SURE = "Are you sure?"
SURE_OF = {
    Action.SUSPEND: "They cannot paint here for a while.",
    Action.BAN: "They cannot paint here any more, until somebody lifts it.",
    Action.BLOCK: "This picture and its look-alikes never pass again.",
}
SHOW_WARNING = "You will see the picture as it is. Nobody else will."

_LABELS = {
    Action.VARY: "V{index}",
    Action.UPSCALE: "U{index}",
    Action.VARY_SUBTLE: "Subtle",
    Action.REROLL: "🔁 Again",
    Action.REMIX: "✏️ Remix",
    Action.EDIT: "🖌 Edit",
    Action.EXPAND: "↔ Expand",
    Action.STAR: "⭐ Star",
    Action.CANCEL: "Cancel",
    Action.SHOW: "Show",
    Action.REPORT: "🚩 Report",
    Action.DELETE: "Delete",
    **{action: case_texts.label(action) for action in (*case_texts.CASE_ACTIONS, Action.APPEAL)},
}
_LONG_LABELS = {Action.VARY: "Strong", Action.UPSCALE: "Upscale"}


def label(action: Action, index: int, *, alone: bool) -> str:
    """A button's text; `alone` when the message shows a single picture."""
    pattern = _LONG_LABELS.get(action) if alone else None
    return (pattern or _LABELS[action]).format(index=index)


def overlay_alternative(prompt: str) -> str:
    return chat.shorten(f"The picture under a grid of cells from A1 to D4: {prompt}", LONGEST_ALTERNATIVE)
