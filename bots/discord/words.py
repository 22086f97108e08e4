"""Every text of the Discord face."""

from collections.abc import Sequence

from bots.discord.escaping import plain, shorten
from studio.buttons import Action
from studio.errors import ChatelierError
from studio.jobs import Job, JobState
from studio.people import Person, Platform
from studio.pictures import Picture
from studio.requests import Operation

LONGEST_MESSAGE = 2000
LONGEST_ALTERNATIVE = 1024
_BAR_CELLS = 12

BUTTON_UNKNOWN = "This button does not belong to a picture here."
FORM_UNKNOWN = "This form does not belong to a picture here."
TAKEN_AWAY = "…"
NO_IMAGE = "There is no image on that message."
UPLOAD_GONE = "That image is not here any more. Please start again from the message that shows it."
WHICH_PICTURE = "Which picture?"
WHICH_CELLS = "Which part shall be painted anew? Choose cells; A1 is top left, D4 bottom right."
CHOOSE_CELLS = "Choose cells"
NOT_FROM_HERE = "This picture was not painted here, as far as the records go."
FOREIGN_FILE = "it does not come from Discord. Please attach it."
NOT_AN_IMAGE = "it is not an image."
DOWNLOAD_FAILED = "it could not be fetched from Discord. Please try again."
ALL_DELETED = "The pictures of this job were deleted."
NO_PICTURE_FILE = "The picture's file is missing in the storage. Please tell an administrator."
ELSEWHERE = "I may not write in the channel where you asked, so here it is:"
MODAL_REMIX = "Paint it with other words"
MODAL_EDIT = "Paint a part anew"
FIELD_PROMPT = "What the picture shall show"
FIELD_EDIT = "What that part shall show"
WRONG_TOKEN = (
    "Discord does not accept the bot's token. Copy it anew from the developer portal (Bot, Reset Token) "
    "into CHATELIER_DISCORD__TOKEN."
)
NO_INTENTS = (
    "Discord refuses the bot's intents. Chatelier needs no privileged ones; is this the right application?"
)
NOT_DISCORD = "CHATELIER_DISCORD__API_URL does not lead to Discord's API (it answered {status})."

MENU_VARY = "Vary"
MENU_EDIT = "Edit"
MENU_EXPAND = "Expand"
MENU_UPSCALE = "Upscale"
MENU_WHO = "Who made this?"

HELP_SUMMARY = "What you can ask for, and how."
HELP_END = (
    "Flags work in the words too: `--ar 3:2 --seed 7 --no text --steps 20`.\n"
    "React to a picture: 1️⃣–4️⃣ vary, 🔁 again, ⬆️ upscale, ⭐ star, ❌ cancel or delete."
)

_OPERATIONS = {
    Operation.IMAGINE: "painted",
    Operation.VARY: "varied",
    Operation.EDIT: "edited",
    Operation.EXPAND: "expanded",
    Operation.UPSCALE: "upscaled",
}


def sentence_of(error: ChatelierError) -> str:
    """The one place where errors become words: the studio writes them for people already."""
    return plain_sentence(str(error))


def plain_sentence(text: str) -> str:
    """A sentence of ours that may quote what somebody typed."""
    return plain(text, longest=900)


def broke(fault_id: str) -> str:
    return f"Something broke on our side. Nothing was charged; please try again. (Fault {fault_id})"


def mention(person: Person) -> str:
    """Shown as the person's present name; nobody is pinged, because no message of ours may."""
    return f"<@{person.user_id}>" if person.platform is Platform.DISCORD else plain(person.display_name)


def credit(job: Job, origin: Job | None, origin_prompt: str) -> str:
    """``@ana, from @bo's fox``."""
    maker = mention(job.person)
    if origin is None:
        return maker
    subject = plain(subject_of(origin_prompt))
    if origin.person.key == job.person.key:
        return f"{maker}, from their own {subject}"
    return f"{maker}, from {mention(origin.person)}’s {subject}"


_ARTICLES = {"a", "an", "the", "some", "my"}
_TURNS = set("on in at with under over by near of beside behind and from for to".split())


def subject_of(prompt: str) -> str:
    """A prompt's subject in at most three words: ``"a red fox in the snow"`` becomes ``"red fox"``."""
    subject: list[str] = []
    for word in prompt.split():
        bare = word.strip(",.;:!?").lower()
        if not subject and bare in _ARTICLES:
            continue
        if bare in _TURNS or len(subject) == 3:
            break
        subject.append(word.strip(",.;:!?"))
        if word[-1] in ",.;:!?":
            break
    return shorten(" ".join(subject), 40) or "picture"


def waiting(ahead: int) -> str:
    if ahead == 0:
        return "Accepted. You are next."
    return f"Accepted. {ahead} {'is' if ahead == 1 else 'are'} painted before it."


def painting(step: int, steps: int) -> str:
    """A bar, the share in percent and the step."""
    share = min(1.0, step / steps) if steps else 0.0
    full = round(share * _BAR_CELLS)
    return f"{'▰' * full}{'▱' * (_BAR_CELLS - full)} {share:.0%} · step {min(step, steps)} of {steps}"


def ended(job: Job) -> str:
    """One sentence for a job that shows no pictures."""
    match job.state:
        case JobState.HELD:
            return "A moderator takes a look at this first."
        case JobState.CANCELLED:
            return "Cancelled."
        case JobState.REFUSED:
            text = job.error_text or "The house rules do not allow this. Please try something else."
            return plain_sentence(text)
        case _:
            text = job.error_text or "This could not be painted. Nothing was charged; please try again."
            return plain_sentence(text)


def headline(prompt: str) -> str:
    return f"**{plain(prompt)}**" if prompt.strip() else "**A picture from an upload**"


def recipe(job: Job, pictures: Sequence[Picture]) -> str:
    """Seed, model, size and id in one small line."""
    first, last = pictures[0].recipe, pictures[-1].recipe
    seeds = f"seed {first.seed}" if len(pictures) == 1 else f"seeds {first.seed}–{last.seed}"
    stars = sum(each.stars for each in pictures)
    facts = [
        seeds,
        plain(first.model, longest=60),
        f"{pictures[0].width}×{pictures[0].height}",
        f"{first.steps} steps" if job.request.operation is not Operation.UPSCALE else "",
        f"⭐ {stars}" if stars else "",
        f"`{pictures[0].id if len(pictures) == 1 else job.id}`",
    ]
    return "-# " + " · ".join(fact for fact in facts if fact)


def alternative(prompt: str, count: int) -> str:
    """The alternative text of what is attached."""
    shown = shorten(prompt, LONGEST_ALTERNATIVE - 80) or "a picture painted from an upload"
    return shown if count == 1 else f"{count} numbered pictures: {shown}"


def preview_alternative(prompt: str) -> str:
    return shorten(f"An unfinished picture: {prompt}", LONGEST_ALTERNATIVE)


def overlay_alternative(prompt: str) -> str:
    return shorten(f"The picture under a grid of cells from A1 to D4: {prompt}", LONGEST_ALTERNATIVE)


def stopped(*, at_once: bool) -> str:
    return "Cancelled." if at_once else "Stopping at the next step."


def starred(*, given: bool, stars: int) -> str:
    return f"Starred; it has {stars} now." if given else "Star taken back."


def deleted(count: int) -> str:
    return "The picture is gone." if count == 1 else f"{count} pictures are gone."


def too_large(limit_bytes: int) -> str:
    return f"it is larger than {limit_bytes // (1024 * 1024)} MiB."


def family(job: Job, picture: Picture, ancestors: Sequence[tuple[Picture, Job]]) -> str:
    """Who made a picture, how, and from whose."""
    lines = [
        headline(picture.recipe.prompt),
        f"{_OPERATIONS[picture.recipe.operation].capitalize()} by {mention(job.person)} "
        f"<t:{int(picture.created_at.timestamp())}:R>",
    ]
    for ancestor, maker in ancestors[:8]:
        deed = _OPERATIONS[ancestor.recipe.operation]
        lines.append(f"from {mention(maker.person)}’s {plain(subject_of(ancestor.recipe.prompt))}, {deed}")
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
}
_LONG_LABELS = {Action.VARY: "Strong", Action.UPSCALE: "Upscale"}


def label(action: Action, index: int, *, alone: bool) -> str:
    """A button's text; `alone` when the message shows a single picture."""
    pattern = _LONG_LABELS.get(action) if alone else None
    return (pattern or _LABELS[action]).format(index=index)
