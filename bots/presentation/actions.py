"""Every action in one row: its label, what it needs, who sees its result, and how else it is reached.

Buttons, menus, reactions and the names for screen readers of all front ends are built from this table.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from bots.presentation.message import Tone
from bots.texts import cases
from bots.texts.gatherings import all_kinds as gatherings
from bots.texts.gatherings import contest, recap, tile_vote
from bots.texts.translation import translate
from studio.commands.button_ids import Action
from studio.domain.people import Platform


class PanelReader(StrEnum):
    """Who finds an action in the panel of a picture, besides the moderators."""

    ANYBODY = "anybody"
    OWNER = "owner"
    OTHERS = "others"  # everybody but the owner


class Needs(StrEnum):
    """What must be known before an action can be carried out."""

    NOTHING = "nothing"
    PICTURE = "picture"  # which one, where a message shows several
    FORM = "form"  # a filled form; about a picture unless `about_job`


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionSpec:
    """`label` and `description` may contain ``{index}``, the number of the picture.

    `single_label` is used where the message shows one picture. `icon` is an emoji before the label, which a renderer
    may show alone where the label has no room. `public`: everybody sees the result. `reaction` is the emoji that does
    the same; `menu` is the entry of a message's menu. `panel_row`, counted from 1, is its row in the panel of a
    picture; 0: not there. `absent` says for each platform that lacks the action why it does.
    """

    label: str
    description: str
    needs: Needs = Needs.NOTHING
    single_label: str = ""
    icon: str = ""
    tone: Tone = Tone.NEUTRAL
    public: bool = False
    about_job: bool = False
    reaction: str = ""
    menu: str = ""
    confirm: str = ""
    panel_row: int = 0
    panel_reader: PanelReader = PanelReader.ANYBODY
    absent: Mapping[Platform, str] = field(default_factory=dict)


def label(action: Action, index: int = 0, *, single: bool = False) -> str:
    """A button's text. `single`: its message shows one picture."""
    spec = ACTIONS[action]
    text = (single and spec.single_label) or spec.label
    return f"{spec.icon} {translate(text, index=index or '')}".strip()


def description(action: Action, index: int = 0) -> str:
    """A button's name for screen readers."""
    return translate(ACTIONS[action].description, index=index or "").replace("  ", " ").strip()


def _on_case(action: Action, *, tone: Tone = Tone.NEUTRAL, confirm: str = "") -> ActionSpec:
    text = cases.LABELS[action]
    return ActionSpec(label=text, description=text, tone=tone, confirm=confirm)


_FORM = ActionSpec(label="", description="", needs=Needs.FORM, about_job=True)
_AS_OPTIONS = {Platform.DISCORD: "Discord shows the options of /contest; a form there holds five fields."}
ACTIONS: Mapping[Action, ActionSpec] = {
    Action.UPSCALE: ActionSpec(
        label="U{index}",
        single_label="Upscale",
        description="Upscale picture {index} four times",
        needs=Needs.PICTURE,
        public=True,
        reaction="⬆️",
        menu="Upscale",
    ),
    Action.VARY_SUBTLE: ActionSpec(
        label="Vary subtly",
        description="Vary picture {index} a little",
        needs=Needs.PICTURE,
        public=True,
        panel_row=1,
    ),
    Action.VARY: ActionSpec(
        label="V{index}",
        single_label="Vary strongly",
        description="Vary picture {index}",
        needs=Needs.PICTURE,
        public=True,
        menu="Vary",
        panel_row=1,
    ),
    Action.FULL_SIZE: ActionSpec(
        label="{index}",
        single_label="Full size",
        description="Paint draft {index} at full size",
        needs=Needs.PICTURE,
        public=True,
    ),
    Action.REROLL: ActionSpec(
        label="Reroll", icon="🔁", description="Paint again with a new seed", public=True, reaction="🔁"
    ),
    Action.REMIX: ActionSpec(
        label="Remix",
        description="Paint picture {index} again with other words",
        needs=Needs.FORM,
        public=True,
    ),
    Action.REWRITE: ActionSpec(
        label="Say what to change",
        description="Say what to change about picture {index}, and see its new prompt first",
        needs=Needs.FORM,
        panel_row=2,
    ),
    Action.PROPOSED: ActionSpec(
        label="Paint {index}",
        single_label="Paint it",
        description="Paint from proposed prompt {index}",
        public=True,
        tone=Tone.SUCCESS,
    ),
    Action.EDIT: ActionSpec(
        label="Edit",
        description="Change a part of picture {index}",
        needs=Needs.FORM,
        public=True,
        menu="Edit",
    ),
    Action.EXPAND: ActionSpec(
        label="Expand",
        description="Expand picture {index} beyond its frame",
        needs=Needs.FORM,
        public=True,
        menu="Expand",
        panel_row=3,
    ),
    Action.BLEND: ActionSpec(
        label="Blend",
        description="Blend picture {index} with others",
        needs=Needs.FORM,
        public=True,
        panel_row=3,
    ),
    Action.REFERENCE: ActionSpec(
        label="Use as reference",
        description="Paint with picture {index} as a reference",
        needs=Needs.FORM,
        public=True,
        menu="Use as reference",
        panel_row=4,
    ),
    Action.COLLECT: ActionSpec(
        label=gatherings.ADD_TO_BLEND,
        description=gatherings.COLLECT_PICTURE,
        needs=Needs.PICTURE,
        menu="Add to blend",
        panel_row=3,
    ),
    Action.BLEND_TRAY: ActionSpec(
        label=gatherings.BLEND_TRAY, description=gatherings.BLEND_TRAY, public=True, tone=Tone.SUCCESS
    ),
    Action.EMPTY_TRAY: ActionSpec(label=gatherings.EMPTY_TRAY, description=gatherings.EMPTY_TRAY),
    Action.PICK: ActionSpec(
        label=tile_vote.PICK, description=tile_vote.PICK_DESCRIPTION, about_job=True, panel_row=7
    ),
    Action.CONTEST: replace(_FORM, label=contest.OPEN_ONE, description=contest.OPEN_ONE, absent=_AS_OPTIONS),
    Action.ENTER: ActionSpec(
        label=contest.ENTER,
        description=contest.ENTER_PICTURE,
        needs=Needs.PICTURE,
        tone=Tone.SUCCESS,
        panel_row=4,
        panel_reader=PanelReader.OWNER,
    ),
    Action.HALL: ActionSpec(label=contest.OLDER, description=contest.HALL),
    Action.LEADERBOARD: ActionSpec(label=recap.LEADERBOARD, description=recap.LEADERBOARD),
    Action.STAR: ActionSpec(
        label="Star",
        icon="⭐",
        description="Star picture {index}",
        needs=Needs.PICTURE,
        reaction="⭐",
        panel_row=4,
    ),
    Action.ALT: ActionSpec(
        label="Alt text",
        description="Describe picture {index} for people who cannot see it",
        needs=Needs.FORM,
        panel_row=5,
        panel_reader=PanelReader.OWNER,
    ),
    Action.DESCRIBE: ActionSpec(
        label="Describe",
        description="Say what is in picture {index}",
        needs=Needs.PICTURE,
        menu="Describe",
        panel_row=2,
    ),
    Action.LOCKDOWN: ActionSpec(
        label="Lock down for an hour",
        description="Hold the requests of newcomers and pause uploads for an hour",
        tone=Tone.DANGER,
    ),
    Action.SHARE: ActionSpec(
        label="Share",
        description="Make a public link to picture {index}",
        needs=Needs.PICTURE,
        panel_row=5,
        panel_reader=PanelReader.OWNER,
    ),
    Action.PUBLISH: ActionSpec(
        label="Show to everybody",
        description="Show this to everybody where you asked for it",
        tone=Tone.SUCCESS,
    ),
    Action.SHOW: ActionSpec(label="Show", description="Show the pictures and their recipe"),
    Action.CANCEL: ActionSpec(label="Cancel", description="Cancel this job", tone=Tone.DANGER, reaction="❌"),
    Action.ENOUGH: ActionSpec(
        label="Enough", description="Keep the pictures that are finished and cancel the others"
    ),
    Action.DELETE: ActionSpec(
        label="Delete",
        description="Delete picture {index}",
        tone=Tone.DANGER,
        reaction="❌",
        confirm="The picture is deleted for good.",
        panel_row=6,
        panel_reader=PanelReader.OWNER,
    ),
    Action.REPORT: ActionSpec(
        label="Report",
        description="Report picture {index} to the moderators",
        needs=Needs.FORM,
        tone=Tone.DANGER,
        reaction="🚩",
        menu="Report",
        panel_row=6,
        panel_reader=PanelReader.OTHERS,
    ),
    Action.APPEAL: ActionSpec(
        label="Appeal", description="Ask a moderator to look again", needs=Needs.FORM, about_job=True
    ),
    Action.WHO: ActionSpec(
        label="Who made this?",
        description="Show who made picture {index}, and from what",
        needs=Needs.PICTURE,
        menu="Who made this?",
        panel_row=6,
    ),
    Action.MORE: ActionSpec(
        label="More", description="Show what else can be done with picture {index}", needs=Needs.PICTURE
    ),
    Action.SEND: ActionSpec(
        label="Send to me",
        description="Send me the pictures by direct message",
        reaction="✉️",
        absent={Platform.WEB: "The web page has no direct messages; its pictures have a download link."},
        panel_row=5,
    ),
    Action.SETTINGS: ActionSpec(
        label="Change settings", description="Change your settings", needs=Needs.FORM, about_job=True
    ),
    **{action: _on_case(action) for action in (Action.CLAIM, Action.REJECT, Action.DECLINE)},
    Action.REVEAL: ActionSpec(
        label="Show pictures",
        description="Show the pictures of this case as they are",
        confirm="You will see the pictures as they are. Nobody else will.",
    ),
    Action.APPROVE: _on_case(Action.APPROVE, tone=Tone.SUCCESS),
    Action.SPOILER: _on_case(Action.SPOILER, tone=Tone.SUCCESS),
    Action.OVERTURN: _on_case(Action.OVERTURN, tone=Tone.SUCCESS),
    Action.WARN: _on_case(Action.WARN),
    Action.SUSPEND: _on_case(
        Action.SUSPEND, tone=Tone.DANGER, confirm="They cannot make pictures here for a while."
    ),
    Action.BAN: _on_case(Action.BAN, tone=Tone.DANGER, confirm="They cannot make pictures here any more."),
    Action.BLOCK: _on_case(
        Action.BLOCK, tone=Tone.DANGER, confirm="The picture and its look-alikes never pass again."
    ),
    Action.CONSENT: _on_case(Action.CONSENT, tone=Tone.SUCCESS),
    # Buttons on gatherings have labels of their own.
    Action.GATHER: ActionSpec(label=gatherings.TAKE_PART, description=gatherings.TAKE_PART),
    Action.GATHER_ASK: ActionSpec(
        label=gatherings.TAKE_PART, description=gatherings.FORM, needs=Needs.FORM, about_job=True
    ),
    Action.GATHER_SHOW: ActionSpec(label=gatherings.SHOW, description=gatherings.SHOW),
}
