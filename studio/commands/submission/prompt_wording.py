"""A prompt with alternatives, and how many pictures it asks for."""

from dataclasses import dataclass

from studio.errors import BadParameterError
from studio.parsing.prompt_alternatives import spread


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptWording:
    """`prompts` is empty when the prompt stands for itself."""

    prompt: str
    prompts: tuple[str, ...]
    count: int


def read_wording(prompt: str, *, count: int | None, usual: int) -> PromptWording:
    """With alternatives, each is painted once where no number of pictures is asked for.

    Raises `BadParameterError` for braces that do not fit, and for fewer pictures than alternatives.
    """
    prompts = spread(prompt)
    if len(prompts) == 1:
        return PromptWording(prompt=prompts[0], prompts=(), count=count or usual)
    if count is not None and count < len(prompts):
        raise BadParameterError("count", "more_alternatives_than_pictures", alternatives=len(prompts))
    return PromptWording(prompt=prompt, prompts=prompts, count=count or len(prompts))
