"""`chatelier imagine`: one request, without any service."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from chatelier.settings import Settings
    from chatelier.wiring.local_generation import SavedImage, WithheldImage


def register(app: typer.Typer) -> None:
    app.command("imagine")(imagine)


def imagine(  # noqa: PLR0917 - options are named on the command line
    prompt: list[str] = typer.Argument(help="What the pictures show; flags may stand in it, as in chat."),
    output: Path = typer.Option(
        Path("out"), "--output", "-o", help="The folder for the pictures; created if missing."
    ),
    seed: int | None = typer.Option(None, help="The same seed and words paint the same pictures."),
    count: int | None = typer.Option(
        None, "--count", "-n", help="How many pictures, 1 to 8; drafts up to 16."
    ),
    negative: str = typer.Option("", "--negative", "--no", help="What they must not show."),
    size: str | None = typer.Option(None, help="Width and height in pixels, such as 256x384."),
    aspect: str | None = typer.Option(None, "--aspect", "--ar", help="The aspect ratio, such as 3:2."),
    steps: int | None = typer.Option(None, help="Denoising steps; more is slower."),
    guidance: float | None = typer.Option(
        None, "--guidance", "--cfg", help="How closely to follow the words."
    ),
    model: str | None = typer.Option(None, help="The model that paints; see `chatelier models list`."),
    style: str | None = typer.Option(None, help="A named style, such as sketch."),
    scheduler: str | None = typer.Option(None, help="How noise becomes a picture, such as euler."),
    lora: str | None = typer.Option(None, help="LoRAs of the model, such as ink:0.8,pixel."),
    draft: bool = typer.Option(
        False,
        "--draft",
        help="Small pictures in few steps, to choose a seed from; eight unless --count says.",
    ),
    as_json: bool = typer.Option(False, "--json", help="Print files and recipes as JSON, for programs."),
) -> None:
    """Paint pictures from words into a folder, without any service, and print the recipe of each.

    Each PNG holds its recipe. The moderation policy applies. Ctrl-C stops within a denoising step.

    Examples:

      chatelier imagine "a yellow star" -o out/ --seed 7

      chatelier imagine "two red apples on a table" -n 2 --ar 3:2 --style sketch

      chatelier imagine "a {red,blue} bird --no clouds --ar 2:3"
    """
    from bots.texts.coded.sentences import say
    from chatelier.runtime.console import print_warning
    from chatelier.runtime.logging_setup import set_up_logging
    from chatelier.settings import load_settings
    from chatelier.settings.settings import LogLevel
    from chatelier.wiring.local_generation import paint_into, read_request
    from studio.errors import JobCancelledError

    settings = load_settings()
    set_up_logging(settings, least=LogLevel.WARNING)
    values: dict[str, object] = {
        "prompt": _read_prompt(prompt),
        "negative": negative,
        "count": count,
        "seed": seed,
        "aspect": aspect,
        "size": size,
        "steps": steps,
        "guidance": guidance,
        "model": model,
        "style": style,
        "scheduler": scheduler,
        "lora": lora,
        "draft": draft or None,
    }
    given = {name: value for name, value in values.items() if value is not None}
    request, hints = read_request(settings, given)
    for hint in hints:
        print_warning(say(hint))
    try:
        with _Bar() as bar:
            results = list(
                paint_into(output, request, settings=settings, on_progress=bar.show, on_remark=print_warning)
            )
    except JobCancelledError:
        raise typer.Abort from None
    _print(results, as_json=as_json)
    if not as_json:
        _print_note(settings, request.model)


def _print_note(settings: "Settings", model: str | None) -> None:
    """The bundled model says that it is one."""
    from bots.texts.coded.sentences import say_stored
    from chatelier.runtime.console import remarks
    from chatelier.wiring.model_catalogue import model_catalogue
    from engine.catalog.bundled_notes import bundled_notes

    catalogue = model_catalogue(settings)
    if note := bundled_notes(catalogue).get(model or catalogue.names[0]):
        remarks().print(say_stored(note), style="dim", soft_wrap=True)


def _read_prompt(words: list[str]) -> str:
    from studio.errors import BadParameterError

    prompt = " ".join(words).strip()
    if not prompt:
        raise BadParameterError("prompt", "missing", example='chatelier imagine "a yellow star"')
    return prompt


class _Bar:
    """Loading first, for as long as it takes; then one bar over the steps of all pictures."""

    def __enter__(self) -> "_Bar":
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        from chatelier.runtime.console import remarks

        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        self._progress = Progress(
            *columns, console=remarks(), transient=True, disable=not remarks().is_terminal
        )
        self._task = self._progress.add_task("Loading the model", total=None)
        self._progress.start()
        return self

    def show(self, progress: Any) -> None:
        words = f"Painting, step {progress.step} of {progress.steps}"
        self._progress.update(self._task, description=words, total=progress.steps, completed=progress.step)

    def __exit__(self, *_: object) -> None:
        self._progress.stop()


def _print(results: "list[SavedImage | WithheldImage]", *, as_json: bool) -> None:
    from bots.texts.coded.sentences import say
    from chatelier.runtime.console import print_warning
    from chatelier.wiring.local_generation import SavedImage
    from studio.errors import PolicyRefusalError

    saved = [result for result in results if isinstance(result, SavedImage)]
    withheld = [result for result in results if not isinstance(result, SavedImage)]
    if as_json:
        _print_json(saved)
    else:
        for image in saved:
            _print_recipe(image)
    for refused in withheld:
        print_warning(
            f"The picture with seed {refused.seed} was not written: {refused.category}. {say(*refused.remedy)}"
        )
    if not saved and withheld:
        first = withheld[0]
        raise PolicyRefusalError(rule="inspection", category=first.category, remedy=first.remedy)


def _print_json(saved: "list[SavedImage]") -> None:
    import json

    from studio.serialization import to_data

    files = [{"file": str(image.path), "recipe": to_data(image.recipe)} for image in saved]
    typer.echo(json.dumps(files, indent=2, ensure_ascii=False))


def _print_recipe(saved: "SavedImage") -> None:
    from rich.markup import escape

    from bots.texts.coded.sentences import say_stored
    from bots.texts.jobs import unread
    from chatelier.runtime.console import answers

    recipe = saved.recipe
    parts = [
        f"seed {recipe.seed}",
        f"{recipe.steps} steps",
        f"guidance {recipe.guidance_scale:g}",
        f"{recipe.width}×{recipe.height}",
        f"{recipe.model} {recipe.model_hash[:8]}",
        recipe.scheduler,
    ]
    if recipe.loras:
        parts.append(", ".join(map(str, recipe.loras)))
    if recipe.negative_prompt:
        parts.insert(0, f"without {recipe.negative_prompt}")
    if recipe.remark:
        parts.insert(0, say_stored(recipe.remark).rstrip("."))
    if recipe.added_words:
        parts.insert(0, f"added: {recipe.added_words}")
    if recipe.unread_words:
        parts.insert(0, unread(recipe.unread_words))
    again = "  (was there already)" if saved.known else ""
    answers().print(f"[bold]{escape(str(saved.path))}[/]{again}", soft_wrap=True)
    answers().print(f"  {escape(recipe.prompt)}", soft_wrap=True)
    answers().print(f"  {escape(' · '.join(parts))}", style="dim", soft_wrap=True)
