"""Structure through the engine's stages: the catalogue's ControlNets, the frame, and one map for all pictures."""

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from engine.catalog.addons import ControlNetEntry
from engine.catalog.catalog import ModelCatalogue, ModelEntry, read_entries, write_entry
from engine.catalog.model_availability import runnable_models
from engine.generation.conditions.structure import add_structures
from engine.generation.device_settings import DeviceSettings
from engine.generation.generation_inputs import GenerationInputs
from engine.generation.generator import ImageGenerator
from engine.generation_task import GenerationTask
from engine.imaging.structure.structure_maps import StructureMaps
from studio.domain.requests import Operation, PaintRequest, ReferenceKind, Source
from studio.errors import ConfigurationError, NotSupportedError
from tests.models.generation.test_references import ENTRY, PLAIN
from tests.support.sentences import raises
from tests.support.tiny_addons import save_controlnet
from tests.support.tiny_editors import noise
from tests.support.tiny_models import save_sd

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def task(*kinds: ReferenceKind, count: int = 1) -> GenerationTask:
    sources = tuple(
        Source(key=str(place), reference=kind, weight=0.5, width=64, height=32)
        for place, kind in enumerate(kinds)
    )
    request = PaintRequest(
        operation=Operation.IMAGINE, seed=1, prompt="a castle", count=count, model="tiny", sources=sources
    )
    pictures = tuple(noise(place).resize((64, 32)) for place in range(len(kinds)))
    return GenerationTask(job_id="j", person="ana", request=request, structures=pictures)


class CountedMaps(StructureMaps):
    def __init__(self) -> None:
        super().__init__()
        self.made: list[tuple[ReferenceKind, tuple[int, int]]] = []

    def make(self, kind: ReferenceKind, picture: Image.Image, size: tuple[int, int]) -> Image.Image:
        self.made.append((kind, size))
        return super().make(kind, picture, size)


def test_a_map_is_made_once_for_all_pictures_of_a_size() -> None:
    maps, layout = CountedMaps(), replace(PLAIN, structures=("depth", "edges"))
    wanted = task(ReferenceKind.EDGES, ReferenceKind.DEPTH, count=3)
    drawings = [GenerationInputs(width=48, height=24)] * 3
    found = add_structures(drawings, wanted, model="tiny", layout=layout, maps=maps)
    assert maps.made == [(ReferenceKind.EDGES, (48, 24)), (ReferenceKind.DEPTH, (48, 24))]
    assert [(one.kind, one.amount, one.picture.size) for one in found[2].controls] == [
        ("edges", 0.5, (48, 24)),
        ("depth", 0.5, (48, 24)),
    ]
    with raises(NotSupportedError, match="cannot follow the edges"):
        add_structures(drawings, wanted, model="tiny", layout=PLAIN, maps=maps)


def test_a_picture_follows_the_controlnet_of_its_entry_in_the_frame_of_its_source(tmp_path: Path) -> None:
    folder = save_sd(tmp_path / "model")
    controlnets = {
        "edges": ControlNetEntry(source=str(save_controlnet(tmp_path / "edges", folder))),
        "pose": ControlNetEntry(source=str(tmp_path / "not here")),
    }
    entry = replace(ENTRY, source=str(folder), controlnets=controlnets)
    catalogue = ModelCatalogue([entry], state=tmp_path / "state")
    (model,) = runnable_models(catalogue)
    assert (model.structures, model.width, model.steps) == (("edges",), 32, 2)
    assert [problem for problem in catalogue.extras_problems(entry) if "pose" in problem]
    generator = ImageGenerator(catalogue, DeviceSettings(device="cpu", threads=1), represents=False)
    try:
        followed = generator.generate(task(ReferenceKind.EDGES))[0].image
        plain = generator.generate(
            replace(task(), request=replace(task().request, width=followed.width, height=followed.height))
        )[0].image
        with raises(NotSupportedError, match="cannot follow the pose"):
            generator.generate(task(ReferenceKind.POSE))
    finally:
        generator.close()
    assert followed.width == 2 * followed.height
    assert followed.tobytes() != plain.tobytes()


def test_entries_name_controlnets_by_kind_and_say_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "models.toml"
    entry = ModelEntry(
        name="own",
        source="/x",
        family="sd",
        controlnets={"edges": ControlNetEntry(source="owner/canny", scale=0.8)},
    )
    write_entry(path, entry)
    assert read_entries(path)["own"].controlnets == entry.controlnets
    path.write_text('[own]\nsource = "/x"\nfamily = "sd"\n[own.controlnets]\nscribble = "/y"\n')
    with pytest.raises(ConfigurationError, match=r"controlnets.scribble must be one of pose, depth, edges"):
        read_entries(path)


def test_only_the_families_that_can_are_said_to_follow(tmp_path: Path) -> None:
    folder = save_sd(tmp_path / "model")
    entry = replace(
        ENTRY,
        family="pipeline",
        source=str(folder),
        controlnets={"edges": ControlNetEntry(source=str(folder))},
    )
    catalogue = ModelCatalogue([entry])
    assert catalogue.structures(entry) == ()
    assert "families sd, sdxl" in " ".join(catalogue.extras_problems(entry))
