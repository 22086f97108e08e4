"""The heading of a job: its title, its credit, and what it makes of the pictures that it starts from."""

from collections.abc import Callable
from dataclasses import dataclass

from bots.presentation.compose.parts.pictures import credit, job_title
from bots.presentation.message import Spans
from bots.presentation.spans import join_parts
from bots.queries.job_view import JobView
from bots.texts import recipes
from bots.texts.translation import translate, translate_plural
from studio.domain.identifiers import split_picture_id
from studio.domain.jobs import JobState
from studio.domain.requests import Operation, PaintRequest

_MOST_CELLS_NAMED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What a job's pictures are headed by. `operation` says what was made of the pictures before; often empty."""

    title: str
    credit: Spans
    operation: str

    @property
    def line(self) -> Spans:
        """``by @ana, from @bo’s fox · variations of picture 2``."""
        return join_parts([self.credit, (self.operation,)])


def heading_of(job_view: JobView, address_of: Callable[[str], str] | None = None) -> Heading:
    """`address_of` as in `credit`."""
    return Heading(
        title=job_title(job_view.job, job_view.prompt),
        credit=credit(job_view, address_of),
        operation=describe_operation(job_view),
    )


def describe_operation(job_view: JobView) -> str:
    """``variations of picture 2``, ``upscaled 4×``; empty for pictures from words alone."""
    request = job_view.job.request
    if request.mural_cell is not None:
        return ""
    match request.operation:
        case Operation.VARY:
            return _variation(job_view)
        case Operation.UPSCALE:
            return translate(recipes.UPSCALED, factor=request.factor) if request.factor else ""
        case Operation.EXPAND:
            return _expansion(request)
        case Operation.EDIT:
            return _edit(request)
        case Operation.BLEND:
            return translate_plural(*recipes.BLEND, len(request.starts))
        case _:
            return _generation(request)


def _variation(job_view: JobView) -> str:
    """Of a job's pictures, or the number of the one that is shown alone."""
    request, index = job_view.job.request, _number_of_source(job_view)
    if job_view.job.command == "remix":
        return translate(recipes.REMIX_OF, index=index) if index else translate(recipes.REMIX)
    done = job_view.job.state is JobState.DONE
    if done and len(job_view.pictures) == 1 and request.count > 1:
        number = job_view.pictures[0].index
        if index:
            return translate(recipes.VARIATION_OF, number=number, index=index)
        return translate(recipes.VARIATION, number=number)
    if index:
        return translate_plural(*recipes.VARIATIONS_OF, request.count, index=index)
    return translate_plural(*recipes.VARIATIONS, request.count)


def _number_of_source(job_view: JobView) -> int:
    """0 for an upload, and for the only picture of its job."""
    source = next(iter(job_view.job.request.starts), None)
    split = split_picture_id(source.picture_id) if source and source.picture_id else None
    several = any(origin.job.request.count > 1 for origin in job_view.origins)
    return split[1] if split and several else 0


def _expansion(request: PaintRequest) -> str:
    if request.aspect:
        return translate(recipes.EXPANDED_TO, aspect=request.aspect)
    if not request.sides or len(request.sides) == len(recipes.SIDES):
        return translate(recipes.EXPANDED_EVERYWHERE)
    return translate(
        recipes.EXPANDED, sides=", ".join(translate(recipes.SIDES[side]) for side in request.sides)
    )


def _edit(request: PaintRequest) -> str:
    if any(source.mask_key for source in request.sources):
        return translate(recipes.EDITED_MASK)
    if not request.cells:
        return translate(recipes.EDITED_BY_WORDS)
    if len(request.cells) > _MOST_CELLS_NAMED:
        return translate_plural(*recipes.EDITED_CELLS_SEVERAL, len(request.cells))
    return translate(recipes.EDITED_CELLS, cells=", ".join(request.cells))


def _generation(request: PaintRequest) -> str:
    if request.draft:
        return translate_plural(*recipes.DRAFTS, request.count)
    if request.starts:
        return translate(recipes.PAINTED_OVER)
    beside = len(request.references) + len(request.structures)
    return translate_plural(*recipes.REFERENCES, beside) if beside else ""
