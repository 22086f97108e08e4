"""Parameters that several commands share."""

from studio.commands.parameter_values import Kind, Parameter
from studio.domain.requests import MAX_COUNT, MAX_SEED, SCHEDULERS

PROMPT = Parameter(
    name="prompt", kind=Kind.TEXT, summary="What the picture shows.", required=True, positional=True
)
NEGATIVE = Parameter(
    name="negative", kind=Kind.TEXT, summary="What it must not show.", max_length=500, aliases=("no",)
)
SEED = Parameter(
    name="seed",
    kind=Kind.INTEGER,
    summary="The same seed and words paint the same picture; -1: any.",
    minimum=-1,
    maximum=MAX_SEED,
)
COUNT = Parameter(
    name="count",
    kind=Kind.INTEGER,
    summary="How many pictures.",
    minimum=1,
    maximum=MAX_COUNT,
    aliases=("n",),
)
STEPS = Parameter(
    name="steps", kind=Kind.INTEGER, summary="Denoising steps; more is slower.", minimum=1, maximum=100
)
GUIDANCE = Parameter(
    name="guidance",
    kind=Kind.NUMBER,
    summary="How closely to follow the words.",
    minimum=0,
    maximum=30,
    aliases=("cfg",),
)
PICTURE = Parameter(
    name="picture", kind=Kind.PICTURE, summary="A picture painted here, by its id.", positional=True
)
IMAGE = Parameter(name="image", kind=Kind.IMAGE, summary="An image of your own, attached.")
SCHEDULER = Parameter(
    name="scheduler", kind=Kind.CHOICE, summary="How noise becomes a picture.", choices=SCHEDULERS
)
LORA = Parameter(
    name="lora",
    kind=Kind.LORA,
    summary="Small weights over the model's own, such as pixel:0.8; several with commas.",
    max_length=200,
)
STYLE = Parameter(name="style", kind=Kind.STYLE, summary="A named style.", max_length=50)
MODEL = Parameter(name="model", kind=Kind.MODEL, summary="The model that paints.", max_length=100)
