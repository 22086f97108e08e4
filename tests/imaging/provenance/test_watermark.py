"""The invisible mark: it survives what happens to pictures, and is found in none that has none."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from moderation.provenance.watermark import convolutional_code, robustness, watermark
from moderation.provenance.watermark.lattice_detection import autocorrelation, likely_turns
from moderation.provenance.watermark.luminance import brightness, equalize
from moderation.provenance.watermark.patterns import SIDE, default_tiles
from moderation.provenance.watermark.payload import CODED_BITS, read_signs, signs_of
from studio.domain.identifiers import is_job_id, job_id_of, picture_number, picture_numbered

PICTURE = "k3v9m2p4qx7a.2"
SIZES = (256, 512, 1024)


@pytest.fixture(scope="module")
def originals():
    """One picture of each size, and a flat one as illustrations are."""
    made = {side: robustness.photograph(side, seed=side) for side in SIZES}
    flat = Image.new("RGB", (256, 256), (64, 120, 200))
    flat.paste((250, 250, 245), (40, 60, 150, 170))
    return {**made, "flat": flat}


@pytest.fixture(scope="module")
def marked(originals):
    return {name: watermark.embed(picture, PICTURE) for name, picture in originals.items()}


@pytest.mark.parametrize("name", [*SIZES, "flat"])
def test_a_mark_can_hardly_be_seen_and_is_read_again(name, originals, marked):
    assert robustness.quality_of(originals[name], marked[name]) >= 38
    assert watermark.find(marked[name]) == PICTURE
    assert watermark.find(originals[name]) is None


@pytest.mark.parametrize("attack", robustness.PROMISED)
@pytest.mark.parametrize("name", [*SIZES, "flat"])
def test_a_mark_survives(name, attack, marked):
    assert watermark.find(robustness.PROMISED[attack](marked[name])) == PICTURE


def test_a_mark_survives_a_crop_of_odd_pixels_and_a_thumbnail(marked):
    assert watermark.find(marked[512].crop((13, 7, 13 + 451, 7 + 437))) == PICTURE
    small = marked[1024].copy()
    small.thumbnail((512, 512))
    assert watermark.find(small) == PICTURE


@pytest.mark.parametrize("factor", [0.62, 0.83, 1.19, 1.7])
def test_a_mark_survives_any_resizing_between_a_half_and_two(factor, marked):
    for name in (512, "flat"):
        assert watermark.find(robustness.resize(marked[name], factor)) == PICTURE


@pytest.mark.parametrize(
    "attack", ["a mirror", "a turn of 1°", "a turn of −2°", "a mirror, a turn of 1°, JPEG 75"]
)
def test_a_mark_survives_a_mirror_and_a_small_turn(attack, marked):
    assert watermark.find(robustness.HARDER[attack](marked[512])) == PICTURE


@pytest.mark.parametrize(("degrees", "factor"), [(-1.3, 1), (0.7, 0.8), (2, 1.25)])
def test_the_lattice_of_a_turned_picture_is_recognised(degrees, factor, marked):
    turned = robustness.resize(robustness.turn(marked[512], degrees), factor)
    correlation = autocorrelation(equalize(brightness(turned)))
    best = likely_turns(correlation, 1)[0]
    assert best.period == pytest.approx(SIDE * factor, abs=0.3)
    assert best.degrees == pytest.approx(-degrees, abs=0.15)


def test_a_long_picture_is_examined_in_its_middle():
    long = Image.new("RGB", (600, 9000), "white")
    assert watermark._middle(long).size == (600, 1536)
    assert watermark.find(long) is None


@pytest.mark.parametrize("misled", [1.0, 1e-3, 1e3])
@pytest.mark.parametrize("needed", range(7))
def test_a_mark_is_as_soft_as_survives(needed, misled, monkeypatch):
    """The loudest is taken without being rehearsed. What a rehearsal lacked only says which one to try next."""
    qualities, rehearsed = watermark._QUALITIES, []

    class Fitting:
        def lacking(self, quality):
            rehearsed.append(quality)
            ratio = watermark._amplitude(qualities[needed]) / watermark._amplitude(quality)
            return max(ratio * misled, 1 + 1e-9) if ratio > 1 else ratio

    assert watermark._softest(Fitting()) == qualities[needed]
    assert len(rehearsed) == len(set(rehearsed))
    if misled == 1:
        assert len(rehearsed) <= (1 if needed == 0 else 3)


def test_a_louder_mark_changes_the_picture_more(monkeypatch):
    original = robustness.photograph(256, seed=4)
    for quality in watermark._QUALITIES:
        monkeypatch.setattr(watermark, "_softest", lambda _fitting, quality=quality: quality)
        marked = watermark.embed(original, PICTURE)
        assert robustness.quality_of(original, marked) == pytest.approx(quality, abs=0.4)


def test_tiles_say_how_strongly_they_hold_each_bit():
    bits = np.random.default_rng(3).standard_normal(CODED_BITS).astype(np.float32)
    heard = default_tiles().correlations(np.stack([default_tiles().weave(bits, 0), default_tiles().pilot]))
    assert heard[0] == pytest.approx(bits * SIDE**2, rel=1e-3, abs=0.5)
    assert heard[1] == pytest.approx(np.zeros(CODED_BITS), abs=0.5)


def test_a_second_mark_takes_the_place_of_the_first(marked):
    assert watermark.find(watermark.embed(marked[512], "0000000000zz.9")) == "0000000000zz.9"


def test_nothing_is_found_in_pictures_without_a_mark():
    noise = np.random.default_rng(1).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    bars = np.tile(np.repeat(np.array([0, 255], np.uint8), 8), (256, 16))
    plain = [
        Image.new("RGB", (64, 64), "white"),
        Image.fromarray(noise),
        Image.fromarray(bars).convert("RGB"),
    ]
    assert robustness.false_marks([*plain, *(robustness.photograph(128, seed) for seed in range(20))]) == 0


def test_a_picture_too_small_for_a_mark_stays_as_it_is():
    small = Image.new("RGB", (256, 100), "red")
    assert watermark.embed(small, PICTURE) is small


def test_only_picture_ids_are_embedded():
    with pytest.raises(ValueError, match="not a picture id"):
        watermark.embed(Image.new("RGB", (256, 256)), "a-cat")


# ---- bits


def test_what_is_painted_without_records_has_an_id_too():
    assert is_job_id(job_id_of("a red apple"))
    assert job_id_of("a red apple") == job_id_of("a red apple") != job_id_of("a pear")


@given(st.text("0123456789abcdefghjkmnpqrstvwxyz", min_size=12, max_size=12), st.integers(1, 16))
def test_an_id_is_a_number_and_back(job, index):
    assume(index < 16 or job != "0" * 12)  # a mark of nothing is no id
    assert picture_numbered(picture_number(f"{job}.{index}")) == f"{job}.{index}"


@pytest.mark.parametrize("number", [0, 2**64, 2**64 + 1])
def test_numbers_that_are_no_id_are_nothing(number):
    assert picture_numbered(number) is None


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_fifth_of_the_coded_bits_may_be_wrong(seed):
    random = np.random.default_rng(seed)
    signs = signs_of(PICTURE)
    wrong = random.permutation(CODED_BITS)[: CODED_BITS // 5]
    signs[wrong] *= -0.5  # what is wrong is also less sure
    assert read_signs(signs[None]) == PICTURE


def test_noise_is_no_id():
    noise = np.random.default_rng(3).standard_normal((200, CODED_BITS)).astype(np.float32)
    assert read_signs(noise) is None


def test_the_code_gives_back_any_bits():
    bits = np.random.default_rng(4).integers(0, 2, (5, 40), dtype=np.uint8)
    seen = np.stack([convolutional_code.encode(row) for row in bits])
    assert (convolutional_code.decode(seen) == bits).all()
