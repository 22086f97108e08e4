"""Where a picture comes from, as far as its file tells."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

# Under which the text of a PNG holds the recipe, and the picture's id. In JPEG and WebP the description holds the
# recipe, with the key and a colon before it.
RECIPE_KEY = "chatelier"
PICTURE_KEY = "chatelier-picture"
EXIF_IMAGE_DESCRIPTION = 0x010E
BITS = 256
SAME_TURNED_BITS = 56  # the same for a picture that was turned a little, where a mark already names it
SAME_BITS = 31  # at most so many different bits of two PDQ hashes, and it is the same picture


class Trace(StrEnum):
    """By what a picture was recognised, the surest first."""

    CREDENTIALS = "credentials"  # signed by this studio, and unchanged since
    MARK = "mark"  # the invisible mark
    TEXT = "text"  # the file says so, as anybody could write
    LIKENESS = "likeness"  # it looks the same


class SourceRole(StrEnum):
    """What a picture was to the one that was made from it."""

    PARENT = "parent"  # changed, varied, expanded or upscaled
    COMPONENT = "component"  # one of several that were blended
    INPUT = "input"  # a reference beside the words


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialSource:
    """A picture that another was made from, as its credentials name it: never by its id, since files travel.

    `credentials` sums up those that an upload brought along, as `Examiner.extract_credentials` does; empty for none.
    """

    role: SourceRole
    uploaded: bool
    credentials: bytes = field(default=b"", repr=False)


class GenerationClaim(StrEnum):
    """Where a file says that AI generated it, the surest first."""

    CREDENTIALS = "credentials"  # intact content credentials of any signer
    METADATA = "metadata"  # IPTC's digital source type in the XMP packet
    RECIPE = "recipe"  # settings in the form that an image generator writes


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """What a file says. Picture ids are claims until they are found in the records.

    `credentials` is an id that this studio signed, `mark` one in the invisible mark, `named` one in the file's text.
    `fingerprint` is the PDQ hash, 64 hexadecimal digits, or empty for a picture with too little in it to be told from
    others. `software` is what wrote the recipe, `signed_by` the organization behind intact credentials of any origin.
    `views` are the hashes of the same picture mirrored and turned by quarters. `turned` are those of the picture and
    its mirror image turned by a degree or two; what they miss at the corners keeps them further from the original.
    `generation` is where the file says that AI generated it, and `generator` the program that it names there.
    """

    credentials: str | None = None
    mark: str | None = None
    named: str | None = None
    fingerprint: str = ""
    views: tuple[str, ...] = ()
    turned: tuple[str, ...] = ()
    software: str = ""
    signed_by: str = ""
    tampered: bool = False  # credentials that no longer fit the file
    generation: GenerationClaim | None = None
    generator: str = ""

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """All by which the picture may be compared, its own first; none for one with too little in it."""
        return (self.fingerprint, *self.views) if self.fingerprint else ()

    @property
    def claims(self) -> tuple[tuple[Trace, str], ...]:
        """The picture ids in the file and how they stand there, the surest first."""
        claims = ((Trace.CREDENTIALS, self.credentials), (Trace.MARK, self.mark), (Trace.TEXT, self.named))
        return tuple((trace, picture) for trace, picture in claims if picture)


def difference(one: str, other: str) -> int:
    """How many of the 256 bits of two fingerprints differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def likeness(one: str, other: str) -> float:
    """How alike two fingerprints are, from 0 to 1."""
    return 1 - difference(one, other) / BITS


def least_difference(views: Sequence[str], other: str) -> int:
    """How many of the 256 bits differ in the view of a picture that is nearest to a fingerprint."""
    return min((difference(view, other) for view in views), default=BITS)


class Origin(StrEnum):
    """What an examination of a file comes to."""

    HERE = "here"
    ELSEWHERE = "ai_elsewhere"  # AI generated it, but not on this instance as far as is known
    DOUBTFUL = "doubtful"  # the traces contradict each other
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What may be told to anybody about a file.

    `by` is the trace of this software that was found, `recorded` whether the records have its picture, `made_at` when
    that was made. `similarity`, from 0 to 1, says how alike the file and that picture look; None if unknown.
    """

    origin: Origin
    by: Trace | None = None
    picture_id: str | None = None
    recorded: bool = False
    made_at: datetime | None = None
    similarity: float | None = None
    generation: GenerationClaim | None = None
    generator: str = ""
    signed_by: str = ""
    tampered: bool = False
