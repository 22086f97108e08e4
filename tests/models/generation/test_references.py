"""References of a request through the engine's stages: where they go, and which words say what is meant."""

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from engine.catalog.addons import IpAdapterEntry
from engine.catalog.capabilities import Capabilities
from engine.catalog.catalog import ModelCatalogue, ModelEntry
from engine.catalog.geometry import Layout
from engine.catalog.model_availability import runnable_models
from engine.generation.device_settings import DeviceSettings
from engine.generation.generation_inputs import GenerationInputs
from engine.generation.generator import ImageGenerator
from engine.generation.prepare_inputs import add_references
from engine.generation.sampling_params import resolve_params
from engine.generation_task import GenerationTask
from studio.domain.requests import Operation, PaintRequest, ReferenceKind, Source
from tests.support.tiny_addons import save_ip_adapter
from tests.support.tiny_editors import noise
from tests.support.tiny_models import save_sd

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

PLAIN = Layout(factor=8, grid=8, multiple=8, latent_channels=4, input_channels=4, sample_pixels=64)
ENTRY = ModelEntry(name="tiny", source="/x", family="sd", width=32, height=32, steps=2, dtype="float32")


def task(*kinds: ReferenceKind, model: str = "tiny") -> GenerationTask:
    sources = tuple(Source(key=str(place), reference=kind, weight=0.5) for place, kind in enumerate(kinds))
    request = PaintRequest(
        operation=Operation.IMAGINE, seed=1, prompt="a castle", count=1, model=model, sources=sources
    )
    references = tuple(noise(place) for place in range(len(kinds)))
    return GenerationTask(job_id="j", person="ana", request=request, references=references)


def test_a_model_with_reference_tokens_is_told_of_which_picture_the_style_is_meant() -> None:
    layout = replace(PLAIN, can=Capabilities(takes_references=4))
    wanted = task(ReferenceKind.SUBJECT, ReferenceKind.STYLE, ReferenceKind.STYLE)
    drawing = add_references(GenerationInputs(width=32, height=32), wanted, layout)
    found = resolve_params(wanted, 0, drawing, entry=ENTRY, prior=None)
    assert len(found.references) == 3
    assert found.prompt == "a castle, in the style of image 2 and image 3"
    alike = task(ReferenceKind.SUBJECT)
    drawing = add_references(GenerationInputs(width=32, height=32), alike, layout)
    assert resolve_params(alike, 0, drawing, entry=ENTRY, prior=None).prompt == "a castle"


def test_an_ip_adapter_paints_subjects_and_styles_and_offers_weights(tmp_path: Path) -> None:
    folder = save_sd(tmp_path / "model")
    adapter = save_ip_adapter(tmp_path / "adapter", folder)
    seeing = IpAdapterEntry(
        source=str(adapter / "adapter.safetensors"), encoder=str(adapter / "image_encoder"), scale=0.8
    )
    entry = replace(ENTRY, source=str(folder), ip_adapter=seeing)
    gone = replace(entry, name="gone", ip_adapter=replace(seeing, source=str(tmp_path / "nothing")))
    catalogue = ModelCatalogue([entry, gone])
    assert [(model.takes_references, model.weighs_references) for model in runnable_models(catalogue)] == [
        (4, True),
        (0, False),
    ]
    generator = ImageGenerator(catalogue, DeviceSettings(device="cpu", threads=1))
    try:
        kinds = (
            (),
            (ReferenceKind.SUBJECT,),
            (ReferenceKind.STYLE,),
            (ReferenceKind.SUBJECT, ReferenceKind.STYLE),
        )
        images: list[Image.Image] = [generator.generate(task(*kind))[0].image for kind in kinds]
    finally:
        generator.close()
    assert len({image.tobytes() for image in images}) == len(kinds)
