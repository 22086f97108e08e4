"""The engine's measurements measure something, on a model too small to be measured."""

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from torch._dynamo.utils import counters

from chatelier.benchmarks.card import gpu
from chatelier.benchmarks.report import show
from engine.batching.device.device_usage import covered_length
from engine.benchmarks.card.measure_card import measure_card
from engine.benchmarks.card.report import CardReport
from engine.benchmarks.chat.chat_load import ChatLoad, measure_chat, measure_virtual_chat
from engine.benchmarks.fairness import jain_index, measure_fairness
from engine.benchmarks.harness import Stage, pause_stage, set_up, set_up_random
from engine.benchmarks.mixed_load import measure_mixed_load
from engine.benchmarks.overhead import measure_overhead
from engine.benchmarks.throughput import measure_throughput
from engine.benchmarks.upscale import measure_upscaling
from engine.benchmarks.virtual_load import PassCost
from engine.catalog.catalog import ModelCatalogue, ModelEntry
from engine.performance_settings import Speed
from studio.errors import BadParameterError
from tests.support.sentences import raises
from tests.support.tiny_models import save_sd

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_sd(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def stage(folder: Path) -> Stage:
    entry = ModelEntry(
        name="tiny", source=str(folder), family="sd", width=64, height=64, steps=3, guidance_scale=2.0
    )
    return set_up(ModelCatalogue([entry]), device="cpu", threads=1)


@pytest.mark.parametrize(("values", "index"), [([2.0, 2.0, 2.0], 1.0), ([1.0, 0.0, 0.0, 0.0], 0.25)])
def test_jains_index(values: list[float], index: float) -> None:
    assert jain_index(values) == pytest.approx(index)


def test_overhead_splits_a_turn_into_its_parts() -> None:
    found = measure_overhead(samples=3, steps=6, repeats=2)
    assert 0 < found.scheduler_ms < found.turn_ms
    assert found.bookkeeping_ms == pytest.approx(found.turn_ms - found.scheduler_ms)


def test_fairness_compares_a_day_with_and_without_the_busy_one() -> None:
    found = measure_fairness(others=3, spam_jobs=4, step_seconds=0.0005)
    assert 0 < found.jain <= 1
    assert found.ratio == pytest.approx(found.median_seconds / found.median_without_spam_seconds)


def test_one_busy_person_costs_the_others_little() -> None:
    found = measure_fairness(virtual=True)
    assert found.jain >= 0.99
    assert found.ratio <= 1.3


def test_fairness_is_measured_on_a_model_too(stage: Stage) -> None:
    found = measure_fairness(others=2, spam_jobs=2, pictures=1, stage=stage)
    assert ("model", "tiny") in found.rows()
    assert min(found.median_seconds, found.median_without_spam_seconds, found.spammer_median_seconds) > 0


def test_samples_paints_the_same_requests_in_three_ways(stage: Stage) -> None:
    found = measure_mixed_load(stage, requests=4)
    assert min(found.continuous_seconds, found.request_level_seconds, found.one_at_a_time_seconds) > 0


def test_samples_paints_as_many_requests_as_there_is_time_for() -> None:
    pause = pause_stage(seconds=0.0005, seconds_per_row=0)
    found = measure_mixed_load(pause, requests=60, rows=8, longest_seconds=0.2)
    assert 4 <= found.requests < 60
    assert found.model == pause.entry.name


def test_upscaling_compares_side_by_side_with_one_after_another() -> None:
    found = measure_upscaling(people=3, side_pixels=32, device="cpu", threads=1, rounds=1)
    assert found.tiles == found.forwards == 3
    assert found.ratio == pytest.approx(found.together_seconds / found.one_by_one_seconds)
    assert found.megapixels_per_second > 0


def test_overhead_beside_a_models_own_step(stage: Stage) -> None:
    found = measure_overhead(samples=3, steps=6, repeats=1, stage=stage)
    assert found.model == "tiny"
    assert dict(found.rows())["  bookkeeping beside it"].endswith("%")


class TestCard:
    @pytest.mark.thorough
    def test_its_figures_can_be_tried_without_a_card(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Each figure is in the file before the next one is measured."""
        file, seen = tmp_path / "card.json", list[set[str]]()
        add = CardReport.add

        def note(report: CardReport, key: str, *rest: Any) -> None:
            add(report, key, *rest)
            seen.append(set(json.loads(file.read_text())))

        monkeypatch.setattr(CardReport, "add", note)
        monkeypatch.setenv("CHATELIER_HOME", str(tmp_path))
        monkeypatch.setitem(counters, "stats", Counter())  # other tests of this process may have compiled
        gpu(pictures=4, seconds=3600, small=True, json_file=file)
        assert all(before <= after for before, after in pairwise(seen))
        found = json.loads(file.read_text())
        rates = ("large_batcher", "large_stock", "installed_stock", "large_alone_seconds", "step_ms")
        assert min(found[key] for key in rates) > 0
        assert min(min(found[f"quick_{steps}_steps"].values()) for steps in (1, 4)) > 0
        assert set(found["quick_step_ms"]) == {"1", "2", "4"}
        assert found["compiled_graphs"] == 0
        # Nobody counts them without a card.
        assert (found["large_idle"], found["large_peak_bytes"]) == (None, None)
        assert "left_out" not in found
        assert list(tmp_path.glob(".card*")) == []
        shown = capsys.readouterr().out
        assert "eager" in shown
        assert "as installed" in shown

    def test_what_there_is_no_time_for_and_what_fails_is_left_out_by_name(self) -> None:
        now = [0.0]
        report = CardReport(longest_seconds=100, clock=lambda: now[0])

        def work() -> None:
            now[0] += 60

        def fail() -> None:
            raise torch.OutOfMemoryError("CUDA out of memory")

        assert report.part("one", work, needs_seconds=50)
        assert not report.part("two", work, needs_seconds=50)
        assert not report.part("three", fail)
        assert report.value("left_out") == ["two (no time left)", "three (out of memory)"]
        assert report.seconds_left == 40

    def test_an_interrupt_ends_it_and_the_figures_are_there(self) -> None:
        report = CardReport(longest_seconds=100)
        report.add("device", "device", "card", "card")

        def interrupt() -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            report.part("one", interrupt)
        assert report.data() == {"device": "card"}

    def test_without_a_card_its_figures_are_refused_in_words(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        with raises(BadParameterError, match="no CUDA card"):
            measure_card(CardReport(longest_seconds=100), speed=Speed())

    def test_time_in_which_two_streams_compute_counts_once(self) -> None:
        assert covered_length([(0, 4), (2, 6), (8, 9), (8, 8.5)]) == 7
        assert covered_length([]) == 0


def test_figures_are_shown_as_a_table_and_kept_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show("Speed", [("steps a second", "7")], {"steps": 7}, json_file=tmp_path / "figures.json")
    assert "steps a second" in capsys.readouterr().out
    preserved = json.loads((tmp_path / "figures.json").read_text())
    assert (preserved["steps"], bool(preserved["machine"])) == (7, True)
    show("Speed", [], {"steps": 7}, json_file=Path("-"))
    assert json.loads(capsys.readouterr().out)["steps"] == 7


def test_throughput_compares_with_the_plain_pipeline_and_counts_forward_passes(stage: Stage) -> None:
    found = measure_throughput(stage, pictures=4, batches=(1, 2), rounds=2)
    assert min(found.batcher_per_second, found.stock_per_second, found.ratio) > 0
    assert found.stock_batch in (1, 2)
    assert found.mixed_forwards_one_at_a_time >= 2 * found.mixed_forwards


def test_a_model_with_random_weights_is_measured_like_any_other() -> None:
    with set_up_random("small", device="cpu", threads=1) as random:
        found = measure_throughput(random, pictures=2, batches=(2,), rounds=1)
    assert found.batcher_per_second > 0


def test_an_unknown_random_model_is_answered_with_those_there_are() -> None:
    with raises(BadParameterError, match="sdxl"), set_up_random("huge"):
        pass


@pytest.mark.thorough
def test_a_busy_chat_is_the_same_on_every_machine_and_quicker_on_the_step_batcher() -> None:
    def measure() -> ChatLoad:
        return measure_virtual_chat(PassCost(0.03, 0.002), people=20, requests=90, load=0.9, max_rows=16)

    chat = measure()
    assert chat == measure()
    batcher, fifo = chat.step_batcher, chat.fifo
    assert batcher.first_preview is not None
    assert batcher.first_preview <= batcher.first_picture <= batcher.all_pictures
    assert batcher.first_picture[1] < fifo.first_picture[1] / 2
    assert fifo.first_preview is None
    assert any("Jain" in name for name, _ in chat.rows())


def test_a_busy_chat_is_measured_on_a_model_too(stage: Stage) -> None:
    chat = measure_chat(stage, people=2, requests=4, load=1.0, rows=4, longest_seconds=5)
    assert chat.requests == 4
    assert chat.static_batching.all_pictures[0] > 0
