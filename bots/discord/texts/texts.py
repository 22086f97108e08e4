"""Every text of the Discord face."""

from collections.abc import Collection, Sequence

from bots.delivery.job_view import JobView
from bots.discord.texts.escaping import plain
from bots.texts import cases as case_texts
from bots.texts import chat
from bots.texts.chat import shorten
from studio.commands.button_ids import Action
from studio.commands.spec import CommandSpec
from studio.domain.jobs import Job
from studio.domain.people import Person, Platform
from studio.domain.pictures import Picture
from studio.errors import ChatelierError, WrongChannelError

LONGEST_MESSAGE = 2000
LONGEST_ALTERNATIVE = 1024

COMMAND_CHANGED = "This command has changed. Reload Discord (Ctrl+R) and try again."
UNDER_WAY = "That is under way already."
TAKEN_AWAY = "…"
WHICH_CELLS = "Which part shall be painted anew? Choose cells; A1 is top left, D4 bottom right."
FOREIGN_FILE = "it does not come from Discord. Please attach it."
DOWNLOAD_FAILED = "it could not be fetched from Discord. Please try again."
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


HELP_SUMMARY = "What you can ask for, and how."
HELP_COMMAND = "One command with all its options."
HELP_END = (
    "`/help` with a command's name tells of its options.\n"
    "Flags work in the words too: `--ar 3:2 --seed 7 --no text --steps 20`; `a {red,blue} bird` is one of each.\n"
    "React to a picture: 1️⃣–4️⃣ vary, 🔁 again, ⬆️ upscale, ⭐ star, ✉️ into my messages, ❌ cancel or delete, 🚩 report. "
    "Of four, ⬆️ ⭐ 🚩 mean the first."
)


def help_text(specs: Collection[CommandSpec], *, note: str = "") -> str:
    """Every command in a line. `note` is about the model that paints."""
    lines = [f"**/{spec.name}** {spec.summary}" for spec in specs]
    end = "\n".join(["", HELP_END, *([f"-# {note}"] if note else [])])
    return "\n".join(lines)[: LONGEST_MESSAGE - len(end) - 1] + "\n" + end


def help_of(spec: CommandSpec) -> str:
    """One command: what it does, an example, and what each of its options means."""
    options = [
        f"- `{each.name}` {'' if each.required else '(optional) '}{each.summary}" for each in spec.parameters
    ]
    return "\n".join([f"**/{spec.name}** {spec.summary}", f"`{spec.example}`", *options])[:LONGEST_MESSAGE]


def sentence_of(error: ChatelierError) -> str:
    """The one place where errors become words: the studio writes them for people already."""
    if isinstance(error, WrongChannelError):
        return f"{plain_sentence(str(error))} {' '.join(f'<#{each}>' for each in error.channels[:10])}"
    pointer = chat.pointer(error)
    block = f"\n```\n{pointer}\n```" if pointer else ""
    return plain_sentence(str(error)) + block


def plain_sentence(text: str) -> str:
    """A sentence of ours that may quote what somebody typed."""
    return plain(text, longest=900)


def elsewhere(lacking: Sequence[str]) -> str:
    """Above an answer that could not go to its channel; an administrator can give what is lacking."""
    if not lacking:
        return chat.ELSEWHERE
    return f"{chat.ELSEWHERE}\n-# There I lack: {', '.join(lacking)}. An administrator of the server can give it."


def mention(person: Person) -> str:
    """Shown as the person's present name; nobody is pinged, because no message of ours may.

    Who asked to be forgotten has no number any more.
    """
    known = person.platform is Platform.DISCORD and person.user_id.isdecimal()
    return f"<@{person.user_id}>" if known else plain(person.display_name)


def whole_recipe(picture: Picture) -> str:
    """Everything needed to paint it again, in one small line."""
    made = picture.recipe
    parts = [
        f"seed {made.seed}",
        f"{made.steps} steps",
        f"guidance {made.guidance_scale:g}",
        plain(made.scheduler, longest=40),
        f"{plain(made.model, longest=60)} {made.model_hash[:12]}",
        f"without {plain(made.negative_prompt)}" if made.negative_prompt else "",
        f"from {', '.join(made.parents)}" if made.parents else "",
    ]
    return "-# " + " · ".join(part for part in parts if part)


def family_alternative(summary: str) -> str:
    return shorten(f"The family tree of the picture. {summary}", LONGEST_ALTERNATIVE)


def credit(job_view: JobView) -> str:
    """``@ana, from @bo’s fox``."""
    sources = [
        ("" if each.own else mention(each.job.person), plain(chat.subject_of(each.prompt)))
        for each in job_view.origins
    ]
    return chat.credit(mention(job_view.job.person), sources)


def ended(job: Job, *, asks: bool = False) -> str:
    """One sentence for a job that shows no pictures."""
    return plain_sentence(chat.ended(job, asks=asks))


def headline(prompt: str) -> str:
    return f"**{plain(prompt)}**" if prompt.strip() else "**A picture from an upload**"


def recipe(job: Job, pictures: Sequence[Picture]) -> str:
    """Seed, model, size and id in one small line."""
    return "-# " + chat.recipe(job, pictures, model=plain(pictures[0].recipe.model, longest=60))


def starred_caption(picture: Picture, job: Job, *, link: str) -> str:
    """Over a picture on the starboard."""
    count = "1 star" if picture.stars == 1 else f"{picture.stars} stars"
    parts = [f"⭐ {count}", mention(job.person), f"`{picture.id}`", link]
    return "\n".join([headline(picture.recipe.prompt), " · ".join(part for part in parts if part)])


def overlay_alternative(prompt: str) -> str:
    return shorten(f"The picture under a grid of cells from A1 to D4: {prompt}", LONGEST_ALTERNATIVE)


def family(job: Job, picture: Picture, ancestors: Sequence[tuple[Picture, Job]]) -> str:
    """Who made a picture, how, and from whose."""
    lines = [
        headline(picture.recipe.prompt),
        f"{chat.DEEDS[picture.recipe.operation].capitalize()} by {mention(job.person)} "
        f"<t:{int(picture.created_at.timestamp())}:R>",
    ]
    for ancestor, maker in ancestors[:8]:
        deed = chat.DEEDS[ancestor.recipe.operation]
        lines.append(
            f"from {mention(maker.person)}’s {plain(chat.subject_of(ancestor.recipe.prompt))}, {deed}"
        )
    return "\n".join([*lines, recipe(job, [picture])])


_LABELS = {
    Action.VARY: "V{index}",
    Action.UPSCALE: "U{index}",
    Action.VARY_SUBTLE: "Subtle",
    Action.REROLL: "🔁",
    Action.REMIX: "✏️ Remix",
    Action.EDIT: "🖌 Edit",
    Action.EXPAND: "↔ Expand",
    Action.STAR: "⭐",
    Action.CANCEL: "Cancel",
    Action.REPORT: "🚩 {index}",
    **{action: case_texts.label(action) for action in (*case_texts.CASE_ACTIONS, Action.APPEAL)},
}
_LONG_LABELS = {Action.VARY: "Strong", Action.UPSCALE: "Upscale"}


def label(action: Action, index: int, *, alone: bool) -> str:
    """A button's text; `alone` when the message shows a single picture."""
    pattern = _LONG_LABELS.get(action) if alone else None
    return (pattern or _LABELS[action]).format(index=index)
