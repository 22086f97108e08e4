"""`chatelier imagine` around the atelier: words in, files and recipes out."""

import errno
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from chatelier.cli import main
from chatelier.wiring import local_generation
from chatelier.wiring.local_generation import slug_of
from engine.generation_task import GeneratedImage, GenerationTask, Progress
from engine.imaging.codecs.recipe_metadata import read_recipe
from moderation.gate import ModerationGate
from studio.coded_text import coded
from studio.domain.pictures import Recipe
from studio.domain.requests import PaintRequest
from studio.domain.verdicts import Ruling, Verdict
from studio.errors import JobCancelledError
from tests.support.recipes import recipe_of

Run = Callable[..., tuple[int, str, str]]


def recipe_for(request: PaintRequest, index: int) -> Recipe:
    return recipe_of(
        request,
        index,
        steps=request.steps or 8,
        width=request.width or 64,
        height=request.height or 64,
    )


class PlainAtelier:
    """Paints a gradient whose colour is the seed."""

    def __init__(self) -> None:
        self.closed = False
        self.during: Callable[[], None] = lambda: None

    def generate(
        self, order: GenerationTask, *, on_progress: Callable[[Progress], None], cancelled: Callable[[], bool]
    ) -> list[GeneratedImage]:
        self.during()
        painted = []
        for index in range(order.request.count):
            if cancelled():
                raise JobCancelledError
            on_progress(Progress(step=index + 1, steps=order.request.count))
            recipe = recipe_for(order.request, index)
            image = Image.radial_gradient("L").resize((recipe.width, recipe.height))
            colour = Image.new("L", image.size, recipe.seed % 256)
            painted.append(GeneratedImage(image=Image.merge("RGB", (image, colour, image)), recipe=recipe))
        return painted

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def generator(monkeypatch: pytest.MonkeyPatch) -> PlainAtelier:
    plain = PlainAtelier()
    monkeypatch.setattr(local_generation, "open_generator", lambda _settings, stays: plain)
    return plain


pytestmark = pytest.mark.usefixtures("restored_logging")


@pytest.fixture
def run(
    generator: PlainAtelier,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    monkeypatch.chdir(tmp_path)

    def imagine(*arguments: str) -> tuple[int, str, str]:
        status = main.carry_out(["imagine", *arguments])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return imagine


def test_four_pictures_with_their_recipes_inside_and_printed(
    run: Run, tmp_path: Path, generator: PlainAtelier
) -> None:
    status, out, _ = run("a yellow star", "-o", "out", "--seed", "7")
    assert status == 0
    files = sorted((tmp_path / "out").iterdir())
    assert [path.name for path in files] == [f"a-yellow-star-{seed}.png" for seed in (10, 7, 8, 9)]
    for path in files:
        recipe = read_recipe(path.read_bytes())
        assert recipe is not None
        assert recipe.prompt == "a yellow star"
        assert f"seed {recipe.seed} ·" in out
    assert generator.closed


def test_the_same_seed_gives_the_same_files(run: Run, tmp_path: Path) -> None:
    run("a yellow star", "--seed", "7", "-n", "1")
    before = (tmp_path / "out" / "a-yellow-star-7.png").read_bytes()
    _, out, _ = run("a yellow star", "--seed", "7", "-n", "1")
    assert "was there already" in out
    assert [path.read_bytes() for path in (tmp_path / "out").iterdir()] == [before]


def test_another_picture_never_replaces_a_file(run: Run, tmp_path: Path) -> None:
    run("a star", "--seed", "7", "-n", "1")
    run("a star", "--seed", "7", "-n", "1", "--steps", "12")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"a-star-7.png", "a-star-7-2.png"}


def test_the_options_reach_the_recipe(run: Run) -> None:
    _, out, _ = run("a star", "-n", "1", "--size", "128x64", "--steps", "3", "--no", "moon", "--json")
    (only,) = json.loads(out)
    recipe = only["recipe"]
    assert (recipe["width"], recipe["height"], recipe["steps"]) == (128, 64, 3)
    assert recipe["negative_prompt"] == "moon"


def test_drafts_are_eight_in_few_steps(run: Run) -> None:
    status, out, _ = run("a star", "--draft", "--seed", "7", "--json")
    recipes = [found["recipe"] for found in json.loads(out)]
    assert (status, [recipe["seed"] for recipe in recipes]) == (0, list(range(7, 15)))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([""], "The prompt is missing"),
        (["x" * 10_000], "at most 1,000"),
        (["a star", "-n", "99"], "The count must lie between"),
        (["a star", "--seed", "-2"], "The seed must lie between"),
        (["a star", "--size", "large"], "Write the size as"),
        (["a star", "--size", "9x9"], "Each side must lie between"),
        (["a star", "--ar", "9:1"], "The aspect must lie between"),
        (["a star", "--steps", "0"], "The steps must lie between"),
    ],
)
def test_a_bad_request_is_one_sentence(run: Run, arguments: list[str], says: str, tmp_path: Path) -> None:
    status, out, err = run(*arguments)
    assert (status, out) == (1, "")
    assert err.startswith(says) or says in err
    assert len(err.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_words_need_no_quotes_and_flags_may_device_worker_in_them(run: Run) -> None:
    _, out, _ = run("a", "yellow", "star --seed 7", "-n", "1", "--style", "sketch", "--json")
    (only,) = json.loads(out)
    assert (only["recipe"]["prompt"], only["recipe"]["seed"]) == ("a yellow star", 7)


def test_carets_device_worker_under_a_flag_that_is_not_known(run: Run, tmp_path: Path) -> None:
    status, out, err = run("a star --sede 7")
    assert (status, out) == (1, "")
    assert err.splitlines()[-2:] == ["a star --sede 7", "       ^^^^^^"]
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_is_said_before_anything_is_painted(
    run: Run, tmp_path: Path, generator: PlainAtelier
) -> None:
    (tmp_path / "file").write_text("")
    generator.during = lambda: pytest.fail("it painted")
    for folder in ("file", "file/inside", "/proc/nowhere"):
        status, _, err = run("a star", "-o", folder)
        assert status == 1
        assert "-o" in err
        assert len(err.strip().splitlines()) == 1


def test_a_full_disk_is_one_sentence_and_leaves_no_half_a_file(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write = Path.write_bytes

    def fill_up(self: Path, data: bytes) -> int:
        if len(data) > 100:
            write(self, data[:50])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(self, data)

    monkeypatch.setattr(Path, "write_bytes", fill_up)
    status, _, err = run("a star")
    assert status == 1
    assert "is full" in err
    assert list((tmp_path / "out").iterdir()) == []


def test_ctrl_c_ends_within_a_step_and_gives_the_key_back(run: Run, generator: PlainAtelier) -> None:
    before = signal.getsignal(signal.SIGINT)
    generator.during = lambda: signal.raise_signal(signal.SIGINT)
    status, out, err = run("a star")
    assert (status, out, err) == (130, "", "Stopped.\n")
    assert generator.closed
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_after_the_last_step_leaves_no_file_either(
    run: Run, generator: PlainAtelier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generator, "close", lambda: signal.raise_signal(signal.SIGINT))
    assert run("a star") == (130, "", "Stopped.\n")
    assert list((tmp_path / "out").iterdir()) == []


def test_the_second_ctrl_c_does_not_wait(run: Run, generator: PlainAtelier) -> None:
    def twice() -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        pytest.fail("it went on")

    generator.during = twice
    assert run("a star")[0] == 130


def test_the_policy_applies_to_words(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "words.txt").write_text("zorblatt\n")
    monkeypatch.setenv("CHATELIER_MODERATION__WORD_LIST", str(tmp_path / "words.txt"))
    status, _, err = run("a z0rbl4tt in a field")
    assert status == 1
    assert "The rules here do not allow this" in err
    assert not list((tmp_path / "out").iterdir())


def test_a_refusal_of_words_names_the_setting_that_decides(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "words.txt").write_text("zorblatt\n")
    monkeypatch.setenv("CHATELIER_MODERATION__WORD_LIST", str(tmp_path / "words.txt"))
    _, _, err = run("a zorblatt in a field")
    assert "CHATELIER_MODERATION__WORD_LIST" in err
    assert "moderator" not in err


def test_words_in_a_language_that_was_not_measured_are_painted_and_said_so(run: Run) -> None:
    status, out, err = run("punainen kettu istuu lumisella kukkulalla täysikuun alla yöllä")
    assert status == 0
    assert "punainen kettu" in out
    assert "a language on which the prompt rules were not measured" in err
    assert "`other_languages` in the policy file (CHATELIER_MODERATION__POLICY)" in err


def test_a_policy_that_refuses_other_languages_refuses_them_here_too(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "policy.toml").write_text('other_languages = "refuse"\n')
    monkeypatch.setenv("CHATELIER_MODERATION__POLICY", str(tmp_path / "policy.toml"))
    status, _, err = run("punainen kettu istuu lumisella kukkulalla täysikuun alla yöllä")
    assert status == 1
    assert "`other_languages`" in err


def test_words_that_other_rules_hold_are_not_painted_for_their_language(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "words.txt").write_text("zorblatt\n")
    monkeypatch.setenv("CHATELIER_MODERATION__WORD_LIST", str(tmp_path / "words.txt"))
    status, _, err = run("zorblatt punainen kettu istuu lumisella kukkulalla täysikuun alla yöllä")
    assert status == 1
    assert "this community's own list" in err


def test_a_picture_that_is_refused_is_not_written(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remedy = (coded("advice.no_setting"),)
    refusal = Verdict(ruling=Ruling.REFUSE, rule="test", category="a category", remedy=remedy)
    monkeypatch.setattr(ModerationGate, "inspect", lambda _gate, _inspection: refusal)
    status, _, err = run("a star", "-n", "1", "--seed", "3")
    assert status == 1
    assert "seed 3 was not written: a category. No setting changes this." in err
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize(
    ("prompt", "slug"),
    [
        ("A red Äpple!", "a-red-apple"),
        ("../../etc/passwd", "etc-passwd"),
        ("⭐⭐", "picture"),
        ("красная звезда", "picture"),
        ("x" * 100, "x" * 40),
    ],
)
def test_files_are_named_after_the_words(prompt: str, slug: str) -> None:
    assert slug_of(prompt) == slug
