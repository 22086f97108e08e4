"""A model, a style or a LoRA that does not exist is refused when it is typed, with the nearest that does."""

from pathlib import Path
from shutil import copytree

import pytest

from bots.presentation.compose.action_forms import imagine_form
from bots.presentation.compose.settings import settings_form
from bots.slack.render_form import render_form
from bots.web.routes.page_layout import catalog_data
from engine.catalog.catalog import MODELS, ModelCatalogue, ModelEntry
from engine.catalog.model_availability import AvailableOptions
from studio.commands.parameters import MODEL
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.commands.submission.known_names import choices_of, lora_suggestions
from studio.domain.settings.preferences import Preferences
from studio.errors import BadParameterError
from studio.ports import Ports, RunnableModel
from tests.support.fakes import someone, somewhere
from tests.support.sentences import raises

NOBODY = "redis://127.0.0.1:1/0"


def moderator() -> Call:
    return Call(person=someone("mod", moderator=True), address=somewhere(), request_key="mod")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"model": "thimbel"}, "There is no model thimbel here; .*Did you mean thimble?"),
        ({"style": "watercolor"}, "There is no style watercolor here; .*Did you mean watercolour?"),
        ({"lora": "pixl:0.8", "model": "large"}, "The model large has no LoRA pixl; .*pixel?"),
        ({"lora": "pixel"}, "The model thimble has no LoRA pixel; it has none"),
    ],
)
def test_a_name_that_does_not_exist_is_refused_before_there_is_a_job(
    ports: Ports, call: Call, values: dict[str, object], sentence: str
) -> None:
    with raises(BadParameterError, match=sentence):
        execute(ports, call, "imagine", {"prompt": "a fox", **values})
    assert not ports.queue.sent  # type: ignore[attr-defined]


def test_names_that_exist_are_taken_however_they_are_written(ports: Ports, call: Call) -> None:
    values = {"prompt": "a fox", "model": "“Large”", "style": " Sketch,", "lora": "Ink:0.8, pixel"}
    assert execute(ports, call, "imagine", values)


@pytest.mark.parametrize("values", [{"style": "nonsense"}, {"model": "nosuch"}])
def test_what_does_not_exist_never_becomes_somebodys_default(
    ports: Ports, call: Call, values: dict[str, object]
) -> None:
    with raises(BadParameterError, match=r"There is no (model|style) no"):
        execute(ports, call, "settings", values)
    chosen = execute(ports, call, "settings", {}).preferences
    assert (chosen.model, chosen.style) == (None, None)
    assert execute(ports, call, "settings", dict.fromkeys(values, "none"))


def test_what_does_not_exist_never_becomes_a_communitys_default(ports: Ports) -> None:
    with raises(BadParameterError, match="There is no model nosuch here"):
        execute(ports, moderator(), "community", {"setting": "model", "value": "nosuch"})
    assert (
        execute(ports, moderator(), "community", {"setting": "model", "value": "Ours"}).rules.model == "ours"
    )
    assert execute(ports, moderator(), "community", {"setting": "model", "value": "none"}).rules.model is None


def test_a_default_that_is_gone_counts_as_none(ports: Ports, call: Call) -> None:
    execute(ports, call, "settings", {"model": "mine", "style": "ink"})
    ports.options.known_models = (RunnableModel(name="thimble"),)  # type: ignore[attr-defined]
    ports.options.known_styles = ("sketch",)  # type: ignore[attr-defined]
    execute(ports, call, "imagine", {"prompt": "a fox"})
    request = ports.gate.admissions[-1].request  # type: ignore[attr-defined]
    assert (request.model, request.style) == (None, None)


def test_a_size_is_refused_for_a_model_that_makes_another_one_of_it(ports: Ports, call: Call) -> None:
    models = (RunnableModel(name="fixed", fixed_pixels=1024 * 1024), RunnableModel(name="free"))
    ports.options.known_models = models  # type: ignore[attr-defined]
    with raises(BadParameterError, match="1024×1024 pixels always; ask for a ratio with --ar"):
        execute(ports, call, "imagine", {"prompt": "a fox", "size": "512x512"})
    execute(ports, call, "imagine", {"prompt": "a fox", "size": "512x512", "model": "free"})
    execute(ports, call, "imagine", {"prompt": "a fox", "aspect": "3:2"})


def test_loras_are_completed_one_after_the_other(ports: Ports) -> None:
    assert lora_suggestions(ports, "", None) == ["ink", "pixel"]
    assert lora_suggestions(ports, "ink:0.8, pi", "large") == ["ink:0.8, pixel"]
    assert lora_suggestions(ports, "ink,", None) == ["ink, pixel"]
    assert lora_suggestions(ports, "", "brush") == []


def test_models_without_whole_weights_are_not_offered(tmp_path: Path) -> None:
    thimble = copytree(MODELS / "thimble", tmp_path / "whole")
    broken = copytree(thimble, tmp_path / "broken")
    next((broken / "unet").glob("*.safetensors")).unlink()
    ink = tmp_path / "ink.safetensors"
    ink.touch()
    models = tmp_path / "models.toml"
    models.write_text(
        f'[whole]\nsource = "{thimble}"\nfamily = "sd"\nloras = {{ ink = "{ink}", gone = "/nowhere.bin" }}\n'
        f'[broken]\nsource = "{broken}"\nfamily = "sd"\n'
        f'[gone]\nsource = "{tmp_path / "gone"}"\nfamily = "sd"\n'
    )
    catalogue = ModelCatalogue.load(models, state=tmp_path / "state")
    options = AvailableOptions(catalogue, redis_url=NOBODY, notes={"thimble": "small"})
    found = {model.name: model for model in options.models()}
    assert set(found) == {"thimble", "whole"}
    assert found["whole"].loras == ("ink",)
    assert found["thimble"].note == "small"
    assert "sketch" in options.styles()
    assert options.default_price() == 1.0
    options.close()


def test_the_price_of_the_default_model_is_known_while_no_worker_has_it(tmp_path: Path) -> None:
    entry = ModelEntry(name="dear", source=str(tmp_path / "gone"), family="sd", price=3.0)
    options = AvailableOptions(ModelCatalogue([entry]), redis_url=NOBODY, notes={})
    assert options.models() == ()
    assert options.default_price() == 3.0
    options.close()


def test_what_may_be_put_into_a_parameter_is_what_the_installation_has(ports: Ports) -> None:
    assert choices_of(ports, MODEL)[0] == "thimble"


def test_the_web_completion_knows_the_names(ports: Ports) -> None:
    imagine = next(command for command in catalog_data(ports) if command["name"] == "imagine")
    choices = {parameter["name"]: parameter["choices"] for parameter in imagine["parameters"]}
    assert choices["style"] == ports.options.styles()
    assert "large" in choices["model"]
    assert choices["lora"] == ("ink", "pixel")


def test_slacks_forms_offer_the_names() -> None:
    imagine = render_form(imagine_form(models=("thimble", "large"), styles=("ink", "sketch")), "{}")
    offered = {
        block["block_id"]: [option["value"] for option in block["element"].get("options", [])]
        for block in imagine["blocks"]
    }
    assert (offered["model"], offered["style"]) == (["thimble", "large"], ["ink", "sketch"])
    many = tuple(f"model-{number}" for number in range(150))
    chosen = settings_form(Preferences(style="gone"), models=many, styles=("ink",))
    fields = {block["block_id"]: block["element"] for block in render_form(chosen, "{}")["blocks"]}
    assert len(fields["model"]["options"]) == 100
    assert fields["style"]["initial_option"]["value"] == "gone"
