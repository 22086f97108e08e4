"""What the model is asked for: one picture with every default filled in."""

from dataclasses import dataclass, field

from PIL import Image


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightedImage:
    """A picture, RGB, and how much of a whole it makes up, in (0, 1].

    `amount` is how much it counts beside the words; 1 is as much as usual.
    """

    picture: Image.Image = field(repr=False)
    share: float = 1.0
    amount: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlMap:
    """What a picture shall follow: RGB, as large as the picture. `kind` is a `ReferenceKind` of structure."""

    kind: str
    picture: Image.Image = field(repr=False)
    amount: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingParams:
    """One picture to paint, every default filled in. Sizes in pixels, multiples of the model's latent cell.

    `start` is RGB and `mask` L (white where the picture may change), both `width` × `height`; without a start the
    picture comes from noise alone. `strength` in (0, 1] is the share of the noise schedule a start goes through.
    `guidance_scale` of 1 or less means none, in Z-Image 0 or less. `scheduler` None means the model's own. `adapters`
    are names of LoRA weights with their scales.

    `mixed` are further pictures, `width` × `height` too, whose latents are mixed into the start's; the start has what
    their shares leave. `likeness` are pictures of any size which a model with an image encoder
    (`Layout.has_image_encoder`) shall make one like; their shares add up to 1. Of `styles`, an IP-Adapter
    (`Layout.has_ip_adapter`) takes only how they are made. `references` are RGB pictures of any size that stand beside
    the words, at most `Capabilities.takes_references` of them.

    `controls` are maps for the model's ControlNets (`Layout.structures`), `width` × `height`, one of each kind.

    With a `noise_size`, the first noise is that of a picture of this width and height, averaged over squares: so a
    small picture begins as that one does. Models that run in one call do not take it.
    """

    prompt: str
    negative_prompt: str = ""
    seed: int
    width: int
    height: int
    steps: int
    guidance_scale: float
    scheduler: str | None = None
    strength: float = 1.0
    start: Image.Image | None = field(default=None, repr=False)
    mask: Image.Image | None = field(default=None, repr=False)
    mixed: tuple[WeightedImage, ...] = ()
    likeness: tuple[WeightedImage, ...] = ()
    styles: tuple[WeightedImage, ...] = ()
    references: tuple[Image.Image, ...] = field(default=(), repr=False)
    adapters: tuple[tuple[str, float], ...] = ()
    controls: tuple[ControlMap, ...] = ()
    noise_size: tuple[int, int] | None = None
