"""Styles that people save under a name: words, a model, LoRAs and references, to be used again."""

from dataclasses import dataclass, field, replace

from studio.domain.requests import Lora, PaintRequest, ReferenceKind

LONGEST_STYLE_NAME = 30
MOST_STYLES = 50  # of one person
PLACE = "{prompt}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StyleReference:
    """A picture that was painted here."""

    picture_id: str
    kind: ReferenceKind
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedStyle:
    """`words` stand behind the person's own, or around them where they have a place for the prompt.

    `owner` is the key of the person who saved it. `shared`: everybody of the community may use it.
    """

    name: str
    owner: str = ""
    shared: bool = False
    words: str = field(default="", repr=False)
    negative_prompt: str = field(default="", repr=False)
    model: str | None = None
    loras: tuple[Lora, ...] = ()
    references: tuple[StyleReference, ...] = ()

    def apply(self, request: PaintRequest) -> PaintRequest:
        """The request with the style's words, and its LoRAs where the request does not name them itself."""
        named = {lora.name for lora in request.loras}
        avoided = [request.negative_prompt, self.negative_prompt]
        return replace(
            request,
            prompt=self._around(request.prompt),
            prompts=tuple(map(self._around, request.prompts)),
            negative_prompt=", ".join(part for part in avoided if part),
            loras=(*request.loras, *(lora for lora in self.loras if lora.name not in named)),
            style=None,
            saved_style=self.name,
        )

    def _around(self, prompt: str) -> str:
        if PLACE in self.words:
            return self.words.replace(PLACE, prompt)
        return ", ".join(part for part in (prompt, self.words) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class StylesListed:
    """The person's own styles and those of their community. `changed` is the one that was saved, shared or removed."""

    own: tuple[SavedStyle, ...]
    shared: tuple[SavedStyle, ...]
    changed: str = ""
    change: str = ""  # what was done with it
