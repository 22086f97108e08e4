"""How pictures were made: a line under a job's pictures, and everything needed to make one again."""

from collections.abc import Sequence

from bots.presentation.message import Code, Facts, Note, Span, Spans, Tone
from bots.presentation.spans import join_parts, sentence
from bots.texts import jobs, recipes
from bots.texts.coded.sentences import say_stored
from bots.texts.languages.formats import format_number
from bots.texts.translation import translate, translate_plural
from studio.domain.pictures import Picture
from studio.domain.requests import Operation


def recipe_line(pictures: Sequence[Picture]) -> Spans:
    """Seeds, model, size, steps, added words, stars and id, of the pictures of one job."""
    first, last = pictures[0].recipe, pictures[-1].recipe
    added = dict.fromkeys(picture.recipe.added_words for picture in pictures if picture.recipe.added_words)
    stars = sum(picture.stars for picture in pictures)
    return join_parts(
        [
            sentence(recipes.SEED, seed=first.seed)
            if len(pictures) == 1
            else sentence(recipes.SEEDS, first=first.seed, last=last.seed),
            (first.model,),
            (f"{pictures[0].width}×{pictures[0].height}",),
            _steps(first.steps) if first.operation is not Operation.UPSCALE else (),
            sentence(recipes.ADDED, words=" / ".join(added)) if added else (),
            (f"⭐ {stars}",) if stars else (),
            (Code(pictures[0].id if len(pictures) == 1 else pictures[0].job_id),),
        ]
    )


def _steps(steps: int) -> Spans:
    return (translate_plural(recipes.STEPS, recipes.STEPS_SEVERAL, steps),)


def recipe_notes(pictures: Sequence[Picture]) -> tuple[Note, ...]:
    """What the model says of the prompt, each once, and how much of it was not read."""
    remarks = dict.fromkeys(picture.recipe.remark for picture in pictures if picture.recipe.remark)
    unread = max(picture.recipe.unread_words for picture in pictures)
    sentences = [_sentence(remark) for remark in remarks]
    if unread:
        sentences.append(jobs.unread(unread))
    return tuple(Note(spans=(remark,), tone=Tone.WARNING) for remark in sentences)


def _sentence(remark: str) -> str:
    """Earlier versions stored a phrase."""
    text = say_stored(remark)
    sentence_ = text[:1].upper() + text[1:]
    return sentence_ if sentence_.endswith((".", "!", "?", "…")) else f"{sentence_}."


def recipe_facts(picture: Picture) -> Facts:
    """Everything needed to make the picture again."""
    made = picture.recipe
    painted = made.operation is not Operation.UPSCALE
    facts: list[tuple[str, Span]] = [
        (recipes.ID, Code(picture.id)),
        (recipes.SIZE, f"{picture.width} × {picture.height}"),
        (recipes.SEED_LABEL, str(made.seed)),
        (recipes.STEPS_LABEL, str(made.steps) if painted else ""),
        (recipes.GUIDANCE, format_number(made.guidance_scale, "g") if painted else ""),
        (
            recipes.STRENGTH,
            format_number(made.strength, "g") if painted and made.strength is not None else "",
        ),
        (recipes.SCHEDULER, made.scheduler if painted else ""),
        (recipes.ADDED_LABEL, made.added_words),
        (recipes.NEGATIVE, made.negative_prompt),
        (recipes.STYLE, made.style or ""),
        (recipes.MODEL, f"{made.model} {made.model_hash[:12]}"),
        (recipes.PARENTS, ", ".join(made.parents)),
        (recipes.SOFTWARE, made.software),
    ]
    return Facts(tuple((translate(label), (value,)) for label, value in facts if value))
