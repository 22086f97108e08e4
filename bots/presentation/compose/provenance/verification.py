"""The origin of a file as anybody may read it: a verdict, what is certain and what is not."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bots.presentation.message import Audience, Bold, Code, Message, Paragraph, Part, Spans, Time, Title
from bots.presentation.spans import plain_text, sentence
from bots.texts.provenance import verification as texts
from bots.texts.translation import translate
from studio.domain.provenance import GenerationClaim, Origin, Trace, Verification


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationView:
    """`certain` and `uncertain` are whole sentences."""

    origin: Origin
    verdict: str
    lead: str
    certain: tuple[Spans, ...]
    uncertain: tuple[Spans, ...]


def verification_view(found: Verification) -> VerificationView:
    return VerificationView(
        origin=found.origin,
        verdict=translate(texts.VERDICTS[found.origin]),
        lead=translate(texts.LEADS[found.origin]),
        certain=tuple(_certain(found)),
        uncertain=tuple(_uncertain(found)),
    )


def compose_verification(found: Verification) -> Message:
    """For the command line: the sentences of the page, one a line."""
    view = verification_view(found)
    parts: list[Part] = [Title(view.verdict), Paragraph((view.lead,))]
    for heading, sentences in ((texts.CERTAIN, view.certain), (texts.UNCERTAIN, view.uncertain)):
        if sentences:
            parts.append(Paragraph((Bold(f"{translate(heading)}:"),)))
            parts += [Paragraph(("- ", *spans)) for spans in sentences]
    return Message(parts=tuple(parts), audience=Audience.PERSON, summary=f"{view.verdict}. {view.lead}")


def verification_data(found: Verification) -> dict[str, Any]:
    """The answer of ``POST /verify`` as JSON: codes for programs, and the sentences."""
    view = verification_view(found)
    return {
        "origin": found.origin,
        "verdict": view.verdict,
        "summary": view.lead,
        "picture": found.picture_id,
        "recognised_by": found.by,
        "recorded": found.recorded,
        "made_at": found.made_at.isoformat() if found.made_at else None,
        "similarity": round(found.similarity, 3) if found.similarity is not None else None,
        "says_generated": found.generation,
        "generator": found.generator or None,
        "signed_by": found.signed_by or None,
        "tampered": found.tampered,
        "certain": [plain_text(spans) for spans in view.certain],
        "uncertain": [plain_text(spans) for spans in view.uncertain],
    }


def _certain(found: Verification) -> Iterator[Spans]:
    picture = Code(found.picture_id or "")
    if found.by is Trace.CREDENTIALS:
        yield sentence(texts.SIGNED_HERE)
    elif found.by is Trace.MARK:
        yield sentence(texts.MARK_RECORDED if found.recorded else texts.MARK_UNKNOWN, picture=picture)
    elif found.by is Trace.TEXT and found.recorded:
        yield sentence(texts.TEXT_RECORDED, picture=picture)
    if found.made_at:
        yield sentence(texts.MADE_AT, when=Time(found.made_at, exact=True))
    if found.similarity is not None and found.by is not Trace.CREDENTIALS:
        alike = found.origin is Origin.HERE
        share = f"{found.similarity:.0%}"
        yield sentence(texts.LOOKS_ALIKE if alike else texts.LOOKS_DIFFERENT, share=share)
    if found.generation and found.by is not Trace.CREDENTIALS:
        yield sentence(texts.SAYS_GENERATED[found.generation])
    if found.generator and found.origin is Origin.ELSEWHERE:
        yield sentence(texts.NAMED_GENERATOR, generator=found.generator)
    if found.tampered:
        yield sentence(texts.TAMPERED)


def _uncertain(found: Verification) -> Iterator[Spans]:
    if found.by is Trace.MARK and not found.recorded:
        yield sentence(texts.MAY_BE_DELETED)
    if found.by in texts.DOUBTS:
        yield sentence(texts.DOUBTS[found.by])
    if found.signed_by and found.by is not Trace.CREDENTIALS:
        yield sentence(texts.SIGNER_UNKNOWN, organization=found.signed_by)
    writable = found.generation in {GenerationClaim.METADATA, GenerationClaim.RECIPE} or found.generator
    if writable and found.by is None and found.generation is not GenerationClaim.CREDENTIALS:
        yield sentence(texts.METADATA_WRITABLE)
    if found.origin is Origin.UNKNOWN:
        yield sentence(texts.NOT_THEREFORE_REAL)
