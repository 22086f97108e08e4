"""What a contest is opened with."""

from studio.gatherings.contests.entry_rules import RULE_CHOICES
from studio.gatherings.kind_description import FROM_CHANNEL, FROM_HOST, PAYER, PRIZE, Option, OptionKind

VOTES, MODERATORS = "votes", "moderators"  # who judges
_DAY = 24 * 3600

OPTIONS = (
    Option(name="title", kind=OptionKind.WORDS, summary="What it is called.", required=True, max_length=100),
    Option(name="theme", kind=OptionKind.WORDS, summary="What the pictures shall show.", max_length=300),
    Option(
        name="closes",
        kind=OptionKind.DURATION,
        summary="How long pictures can be entered.",
        default=3 * _DAY,
        minimum=60,
        maximum=60 * _DAY,
    ),
    Option(
        name="voting",
        kind=OptionKind.DURATION,
        summary="How long people vote.",
        default=_DAY,
        minimum=60,
        maximum=14 * _DAY,
    ),
    Option(
        name="entries",
        kind=OptionKind.NUMBER,
        summary="How many pictures each person may enter.",
        default=1,
        minimum=1,
        maximum=5,
    ),
    Option(
        name="judge",
        kind=OptionKind.CHOICE,
        summary="Whether votes or the moderators decide.",
        default=VOTES,
        choices=(VOTES, MODERATORS),
    ),
    Option(
        name="rules",
        kind=OptionKind.CHOICE,
        summary="own: all that a picture came from is by its owner; no-uploads: nothing of it was uploaded.",
        default=RULE_CHOICES[0],
        choices=RULE_CHOICES,
    ),
    Option(name="aspect", kind=OptionKind.ASPECT, summary="The aspect ratio of all entries, such as 3:2."),
    Option(
        name=PRIZE,
        kind=OptionKind.NUMBER,
        summary="Credits that the winner gets.",
        minimum=1,
        maximum=1_000_000,
    ),
    Option(
        name=PAYER,
        kind=OptionKind.CHOICE,
        summary="Whose credits the prize is; moderators may give those of the channel.",
        default=FROM_HOST,
        choices=(FROM_HOST, FROM_CHANNEL),
    ),
    Option(
        name="opens",
        kind=OptionKind.DURATION,
        summary="How long until it opens; at once, if you leave it out.",
        minimum=60,
        maximum=30 * _DAY,
    ),
)
