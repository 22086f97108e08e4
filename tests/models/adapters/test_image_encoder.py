"""How the networks that see are trained: mosaics, the scorer, the image encoder."""

from pathlib import Path

import pytest
import torch

from engine.layout_prior.library.cutout_library import Library
from engine.layout_prior.vision.layout_encoder import CELLS, LayoutEncoder
from engine.training.data.cutout_library import build_library
from engine.training.data.shapes import shape_stack
from engine.training.data.synthetic_scenes import Bank, Mosaic, gather_bank, paint_backdrops, render_mosaic
from engine.training.evaluation.scorer.dataset import Scenes, is_held_out, vocabulary
from engine.training.evaluation.scorer.network import SIDE_PX, Scorer, words_of
from engine.training.evaluation.train_scorer import loss_of as scorer_loss
from engine.training.stages.layout_encoder import Examples
from engine.training.stages.layout_encoder import loss_of as layout_encoder_loss

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Bank:
    return gather_bank([shape_stack()], tmp_path_factory.mktemp("bank") / "drawings.npy")


@pytest.fixture(scope="module")
def scenes(bank: Bank) -> Scenes:
    return Scenes(
        bank, paint_backdrops(SIDE_PX, variants=1, seed=1), {"disc": ["circle"]}, asked=["circle"], seed=1
    )


def one_circle(across: float, down: float, *, backdrop: int = 0) -> Mosaic:
    return Mosaic(
        backdrops=torch.tensor([backdrop]),
        drawings=torch.tensor([[0, -1, -1, -1, -1, -1]]),
        middles=torch.tensor([[[across, down]] * 6]),
        sides=torch.full((1, 6), 0.3),
        tilts=torch.zeros(1, 6),
        flips=torch.ones(1, 6),
        tints=torch.zeros(1, 6, 4),
    )


def test_a_drawing_lies_where_the_mosaic_says(bank: Bank) -> None:
    backdrops = paint_backdrops(64, variants=1, seed=1)
    plain = render_mosaic(one_circle(5.0, 5.0), bank, backdrops)
    made = render_mosaic(one_circle(0.7, 0.3), bank, backdrops)
    rows, columns = ((made - plain).abs().sum(1)[0] > 0.1).nonzero(as_tuple=True)
    assert abs(float(columns.float().mean()) / 64 - 0.7) < 0.03
    assert abs(float(rows.float().mean()) / 64 - 0.3) < 0.03


def test_the_bank_is_kept_for_the_next_time(tmp_path: Path) -> None:
    file = tmp_path / "drawings.npy"
    first = gather_bank([shape_stack()], file)
    assert torch.equal(first.pixels, gather_bank([shape_stack()], file).pixels)
    assert first.names[0] == "circle"


def test_captions_name_what_is_there_and_held_out_pairs_never_meet(scenes: Scenes) -> None:
    lot = scenes.draw(300)
    assert lot.pictures.shape == (300, 3, SIDE_PX, SIDE_PX)
    for caption, subjects in zip(lot.captions, lot.subjects, strict=True):
        names = [scenes.names[row] for row in subjects]
        called = [name for name in names if name[:-1] in caption or (name == "circle" and "disc" in caption)]
        assert called == names
        assert len(names) == 1 or not is_held_out(*names)


def test_the_scorer_knows_every_word_of_its_captions(scenes: Scenes) -> None:
    known = set(words_of(vocabulary(scenes.names, {"disc": ["circle"]})))
    assert set(words_of(scenes.draw(400).captions)) <= known


def test_a_few_steps_teach_the_scorer_something(scenes: Scenes) -> None:
    torch.manual_seed(0)
    scorer = Scorer(words_of([*scenes.names, *scenes.draw(200).captions]), scenes.names)
    optimizer = torch.optim.AdamW(scorer.parameters(), lr=2e-3)
    losses, lot = [], scenes.draw(16)
    for _ in range(12):
        loss = scorer_loss(scorer, lot)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.75 * losses[0]


def test_a_scorer_survives_being_packed(scenes: Scenes, tmp_path: Path) -> None:
    scorer = Scorer(words_of(scenes.names), scenes.names).eval()
    scorer.save(tmp_path)
    opened = Scorer.load(tmp_path)
    captions = ["a star", "a ring above a circle"]
    assert torch.allclose(scorer.read(captions), opened.read(captions), atol=0.05)


def test_targets_of_the_layout_encoder_are_the_cells_of_the_middles(tmp_path: Path) -> None:
    build_library(shape_stack(), tmp_path)
    examples = Examples(Library(tmp_path), seed=2)
    lot = examples.draw(24)
    assert set(lot.things[:, 0].int().tolist()) == set(range(24))
    assert float(lot.things[:, 2:4].abs().max()) <= 0.5 + 1e-4
    assert int(lot.things[:, 1].max()) < CELLS**2
    loss, right = layout_encoder_loss(LayoutEncoder(), lot)
    assert float(loss.detach()) > 0
    assert 0 <= right <= 1
