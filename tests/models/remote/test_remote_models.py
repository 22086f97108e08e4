"""Models on servers that speak OpenAI's images API, with servers that refuse, hang, lie and stream for ever."""

import asyncio
import gzip
import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.adapters.remote import images_client
from engine.adapters.remote.call_queue import CallQueue
from engine.adapters.remote.images_client import ATTEMPTS, ImagesClient
from engine.adapters.remote.remote_worker import RemoteWorker
from engine.batching.sample_group import SampleGroup
from engine.batching.sampling_params import SamplingParams
from engine.catalog.catalog import ModelCatalogue, ModelEntry
from engine.catalog.model_availability import runnable_models
from engine.catalog.remote_entry import RemoteEntry
from engine.generation.generator import ImageGenerator
from engine.generation_task import GeneratedImage, GenerationTask
from studio.domain.requests import Operation, PaintRequest, Strength
from studio.errors import (
    BadParameterError,
    GenerationError,
    JobCancelledError,
    ModelLoadError,
    NotSupportedError,
)
from tests.support.images_server import Exchange, Reply, answer_with, images_server, paint, png
from tests.support.sentences import raises

LIMIT_SECONDS = 120.0  # only bounds a hang


def entry(url: str, *, remote: RemoteEntry | None = None, **fields: Any) -> ModelEntry:
    settled = {"width": 64, "height": 64, "steps": 9, "guidance_scale": 3.0, **fields}
    return ModelEntry(name="far", source=url, family="images-api", remote=remote, **settled)


@contextmanager
def generating(url: str, **fields: Any) -> Iterator[Callable[..., list[GeneratedImage]]]:
    """`generate` of an image generator that has the remote model only."""
    generator = ImageGenerator(ModelCatalogue([entry(url, **fields)]), represents=False)

    def generate(operation: Operation = Operation.IMAGINE, **request: Any) -> list[GeneratedImage]:
        task = {name: request.pop(name) for name in ("sources", "references", "mask") if name in request}
        cancelled = request.pop("cancelled", lambda: False)
        asked = PaintRequest(
            operation=operation, **{"seed": 7, "prompt": "a (red:1.3) hat", "count": 1, **request}
        )
        return generator.generate(
            GenerationTask(job_id="j", person="ana", request=asked, **task), cancelled=cancelled
        )

    try:
        yield generate
    finally:
        generator.close()


def params(**fields: Any) -> SamplingParams:
    settled = {"prompt": "a hat", "seed": 1, "width": 64, "height": 64, "steps": 1, "guidance_scale": 1.0}
    return SamplingParams(**{**settled, **fields})


def ask(url: str, pauses: list[float], **remote: Any) -> bytes:
    """What a client gets for one picture, without waiting between attempts."""

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    async def call() -> bytes:
        client = ImagesClient(url, RemoteEntry(**remote), pause=pause)
        try:
            return await client.generate(params())
        finally:
            await client.close()

    return asyncio.run(call())


# ---- what is asked, and what becomes of the answer


def test_a_picture_is_painted_by_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAR_KEY", "sk-secret")
    remote = RemoteEntry(
        model="far-1",
        key_env="FAR_KEY",
        sends=("seed", "num_inference_steps", "guidance_scale", "negative_prompt"),
    )
    with images_server() as (url, seen), generating(url, remote=remote) as generate:
        made = generate(count=2, negative_prompt="rain", aspect="3:2")
    assert [image.image.getpixel((0, 0)) for image in made] == [(0, 128, 128)] * 2
    assert {asked.path for asked in seen} == {"/v1/images/generations"}
    assert {asked.token for asked in seen} == {"Bearer sk-secret"}
    assert sorted(asked.options["seed"] for asked in seen) == [7, 8]
    width, height = made[0].image.size
    assert seen[0].options | {"seed": 7} == {
        "prompt": "a red hat",
        "n": 1,
        "size": f"{width}x{height}",
        "model": "far-1",
        "response_format": "b64_json",
        "seed": 7,
        "num_inference_steps": 9,
        "guidance_scale": 3.0,
        "negative_prompt": "rain",
    }
    assert (made[0].recipe.model, made[0].recipe.scheduler, len(made[0].recipe.model_hash)) == (
        "far",
        "its own",
        64,
    )


def test_a_server_gets_no_parameter_that_it_is_not_said_to_take() -> None:
    with images_server() as (url, seen), generating(url, remote=RemoteEntry(asks_base64=False)) as generate:
        generate()
    assert set(seen[0].options) == {"prompt", "n", "size"}
    assert seen[0].token is None


def test_only_the_sizes_of_the_server_are_asked_for() -> None:
    remote = RemoteEntry(sizes=("64x64", "96x64", "64x96"))
    with images_server() as (url, seen), generating(url, remote=remote) as generate:
        made = [generate(aspect=aspect)[0].image.size for aspect in (None, "16:9", "2:3")]
    assert made == [(64, 64), (96, 64), (64, 96)]
    assert [asked.options["size"] for asked in seen] == ["64x64", "96x64", "64x96"]


def test_a_region_is_edited_and_nothing_else_changes() -> None:
    source = Image.effect_noise((64, 64), 80).convert("RGB")
    mask = Image.new("L", (64, 64), 0)
    mask.paste(255, (32, 0, 64, 64))
    with images_server() as (url, seen), generating(url, edits_by_words=True, takes_references=2) as generate:
        (made,) = generate(Operation.EDIT, sources=(source,), mask=mask)
    assert seen[0].path == "/v1/images/edits"
    assert [name for name, _ in seen[0].files] == ["image", "mask"]
    alpha = np.asarray(seen[0].image(1).getchannel("A"))
    assert not alpha[:, -1].any()
    assert alpha[:, 0].all()
    before, after = np.asarray(source), np.asarray(made.image)
    assert (before[:, :32] == after[:, :32]).all()
    assert (after[:, 60:] == (0, 128, 128)).all()


def test_an_edit_by_words_and_references_are_pictures_beside_the_words() -> None:
    source, other = Image.new("RGB", (80, 48), "navy"), Image.new("RGB", (40, 40), "olive")
    with images_server() as (url, seen), generating(url, edits_by_words=True, takes_references=2) as generate:
        (edited,) = generate(Operation.EDIT, sources=(source,))
        generate(Operation.VARY, sources=(source,), variation=Strength.STRONG, prompt="")
        generate(Operation.BLEND, sources=(source, other))
    assert edited.image.size == source.size
    assert [[name for name, _ in asked.files] for asked in seen] == [["image"], ["image"], ["image[]"] * 2]
    assert seen[1].options["prompt"]


def test_what_the_server_cannot_do_is_refused_before_it_is_asked() -> None:
    source = Image.new("RGB", (64, 64))
    with images_server() as (url, seen):
        with generating(url) as generate:
            with pytest.raises(NotSupportedError):
                generate(Operation.VARY, sources=(source,), variation=Strength.SUBTLE)
            with pytest.raises(BadParameterError):
                generate(scheduler="ddim")
        with (
            generating(url, edits_by_words=True, takes_references=1) as generate,
            pytest.raises(BadParameterError),
        ):
            generate(Operation.BLEND, sources=(source, source))
        with generating(url, width=2048, height=2048) as generate, raises(BadParameterError, match="2048"):
            generate(width=4096, height=512)
    assert seen == []


def test_sizes_that_a_server_rounds_are_made_right() -> None:
    rounding = images_server(lambda exchange: exchange.send_picture(size=(62, 64)))
    with rounding as (url, _), generating(url) as generate:
        assert generate()[0].image.size == (64, 64)


# ---- servers that refuse, lie, hang or stream for ever


def lying(body: bytes, **headers: str) -> Reply:
    return lambda exchange: exchange.send(body, **headers)


def endlessly(exchange: Exchange) -> None:
    handler = exchange.handler
    handler.send_response(200)
    handler.send_header("content-type", "application/json")
    handler.end_headers()
    while True:
        handler.wfile.write(b'{"data": "' + b"x" * 1_000_000)


def redirect(exchange: Exchange) -> None:
    exchange.send(b"", status=307, location="http://127.0.0.1:1/v1/images/generations")


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (lambda exchange: exchange.send_picture(size=(16, 32)), "16×32 pixels instead of 64×64"),
        (lying(answer_with(b"prose that is no picture at all")), "no picture"),
        (lying(answer_with(png((64, 64))[:-40])), "no picture"),
        (lying(answer_with(png((64, 64)).replace(b"IDAT", b"IDAX"))), "no picture"),
        (lying(answer_with(b"GIF89a\xff\xff\xff\xff" + b"\x00" * 40)), "no picture"),
        (lying(b"I would rather not paint that."), "no picture"),
        (lying(b'{"data": []}'), "no picture"),
        (lying(b"[" * 200_000), "no picture"),
        (lying(b'{"data": [{"url": "http://127.0.0.1:1/latest/meta-data"}]}'), "no picture"),
        (lying(b'{"data": [{"b64_json": "not base64!"}]}'), "no picture"),
        (lying(gzip.compress(answer_with(png((64, 64)))), content_encoding="gzip"), "in trouble"),
        (endlessly, "no picture"),
        (redirect, "in trouble"),
        (lambda exchange: exchange.send(b"sk-secret is wrong", status=401), "key"),
        (lambda exchange: exchange.send(b"{}", status=404), "does not have this model"),
        (lambda exchange: exchange.send(b"{}", status=400), "other words"),
        (lambda exchange: exchange.send(b"{}", status=500), "in trouble"),
        (
            lambda exchange: exchange.send(b"{}", status=502),
            "in trouble",
        ),  # may have been painted, and billed
        (lambda exchange: exchange.send(b"{}", status=504), "in trouble"),
        (lambda exchange: exchange.handler.connection.close(), "in trouble"),
    ],
)
def test_a_server_that_errs_or_refuses_ends_one_job_with_one_sentence(
    reply: Reply, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        images_server(reply) as (url, seen),
        generating(url) as generate,
        raises(GenerationError, match=words),
    ):
        generate()
    assert len(seen) == 1
    assert "secret" not in caplog.text


def test_a_server_that_hangs_is_given_up_after_its_time() -> None:
    over = threading.Event()
    with images_server(lambda exchange: over.wait(LIMIT_SECONDS) and None) as (url, seen):
        with (
            generating(url, remote=RemoteEntry(timeout_seconds=1.0)) as generate,
            raises(GenerationError, match="longer than 1 seconds"),
        ):
            generate()
        over.set()
    assert len(seen) == 1  # what may have been painted is not asked for, and paid, again


def test_cancelling_closes_the_connection_at_once() -> None:
    asked, gone = threading.Event(), threading.Event()

    def wait(exchange: Exchange) -> None:
        asked.set()
        exchange.handler.connection.settimeout(LIMIT_SECONDS)
        if not exchange.handler.connection.recv(1):
            gone.set()

    with images_server(wait) as (url, _):
        with generating(url) as generate, pytest.raises(JobCancelledError):
            generate(cancelled=asked.is_set)
        assert gone.wait(LIMIT_SECONDS)


def test_a_picture_of_another_job_comes_while_a_server_hangs_on_one() -> None:
    over, second = threading.Event(), threading.Event()

    def reply(exchange: Exchange) -> None:
        if exchange.asked.options["prompt"] == "slow":
            over.wait(LIMIT_SECONDS)
        paint(exchange)

    with images_server(reply) as (url, _), generating(url) as generate:
        waiting = threading.Thread(target=partial(generate, prompt="slow"))
        waiting.start()
        generate(prompt="quick")
        second.set()
        over.set()
        waiting.join()
    assert second.is_set()


# ---- retries


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again_later(status: int) -> None:
    left, pauses = [2], list[float]()

    def reply(exchange: Exchange) -> None:
        left[0] -= 1
        if left[0] >= 0:
            exchange.send(b"{}", status=status, retry_after="7")
        else:
            paint(exchange)

    with images_server(reply) as (url, seen):
        assert ask(url, pauses).startswith(b"\x89PNG")
    assert len(seen) == 3
    assert all(7.0 <= pause <= 8.0 for pause in pauses)


@pytest.mark.parametrize("wait", ["1e308", "inf", "nan", "-4", "soon"])
def test_a_server_that_stays_busy_is_given_up_and_cannot_say_for_how_long_to_wait(wait: str) -> None:
    pauses: list[float] = []
    busy = images_server(lambda exchange: exchange.send(b"{}", status=429, retry_after=wait))
    with busy as (url, seen), raises(GenerationError, match="too busy"):
        ask(url, pauses)
    assert len(seen) == ATTEMPTS
    assert len(pauses) == ATTEMPTS - 1
    assert all(0 < pause <= 60 for pause in pauses)


def test_a_server_that_is_away_is_asked_again_and_then_given_up() -> None:
    pauses: list[float] = []
    with images_server() as (url, _):
        pass
    with raises(GenerationError, match="does not answer"):
        ask(url, pauses)
    assert len(pauses) == ATTEMPTS - 1


# ---- keys


def test_the_key_comes_from_a_file_and_is_never_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    key = tmp_path / "key"
    key.write_text("sk-from-a-file\n")
    with images_server() as (url, seen), generating(url, remote=RemoteEntry(key_file=str(key))) as generate:
        generate()
    assert seen[0].token == "Bearer sk-from-a-file"
    assert "sk-from" not in caplog.text


@pytest.mark.parametrize(
    ("side", "remote", "drafts"),
    [
        (1024, RemoteEntry(), True),  # half as wide and tall
        (512, RemoteEntry(), False),
        (1024, RemoteEntry(sizes=("1024x1024",)), False),
        (1024, RemoteEntry(sizes=("1024x1024",), sends=("num_inference_steps",)), True),
    ],
)
def test_drafts_are_offered_where_the_server_can_be_asked_for_less(
    side: int, remote: RemoteEntry, drafts: bool
) -> None:
    far = entry("http://127.0.0.1:1/v1", remote=remote, width=side, height=side)
    assert [model.drafts for model in runnable_models(ModelCatalogue([far]))] == [drafts]


@pytest.mark.parametrize("remote", [RemoteEntry(key_env="FAR_KEY"), RemoteEntry(key_file="/nowhere/key")])
def test_a_missing_key_ends_the_job_and_takes_the_model_off_the_list(remote: RemoteEntry) -> None:
    with generating("http://127.0.0.1:1/v1", remote=remote) as generate, pytest.raises(ModelLoadError):
        generate()
    assert runnable_models(ModelCatalogue([entry("http://127.0.0.1:1/v1", remote=remote)])) == ()


@pytest.mark.parametrize("key", ["sk-ä", "two\nlines", "\x00"])
def test_a_key_that_cannot_stand_in_a_header_is_refused(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.environ", {"FAR_KEY": key})
    with pytest.raises(ModelLoadError):
        RemoteEntry(key_env="FAR_KEY").key()


# ---- fairness and closing


class _Call:
    def __init__(self, person: str, number: int) -> None:
        self.person, self.number, self.weight, self.over = person, number, 1.0, False


def test_places_go_to_the_person_with_the_fewest_calls() -> None:
    queue = CallQueue(2)
    heavy = [_Call("ana", number) for number in range(4)]
    light = _Call("ben", 9)
    for call in (*heavy, light):
        queue.put(call)  # type: ignore[arg-type]
    assert [queue.take(), queue.take(), queue.take()] == [heavy[0], light, None]
    queue.release(light)  # type: ignore[arg-type]
    heavy[1].over = True
    assert queue.take() is heavy[2]


def test_a_call_that_is_cancelled_before_it_starts_gives_its_place_back() -> None:
    with images_server() as (url, seen):
        worker = RemoteWorker(ModelCatalogue([entry(url)]).capabilities)
        group = SampleGroup([worker.model(entry(url)).new_sample(params())], person="ana")

        async def start_and_drop() -> None:
            worker._submit(group)
            calls = list(worker._calls.values())
            worker._drop(group)
            await asyncio.gather(*calls, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(start_and_drop(), worker._loop).result(LIMIT_SECONDS)
        assert not worker._calls
        assert len(worker._servers["far"].queue) == 0
        worker.close()
    assert not seen


def test_pictures_are_encoded_and_decoded_beside_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []

    def noting(function: Callable[..., Any]) -> Callable[..., Any]:
        def note(*arguments: Any) -> Any:
            threads.append(threading.current_thread())
            return function(*arguments)

        return note

    for name in ("_png", "_image_in"):
        monkeypatch.setattr(images_client, name, noting(getattr(images_client, name)))

    async def call(url: str) -> bytes:
        client = ImagesClient(url, RemoteEntry())
        try:
            return await client.generate(params(references=(Image.new("RGB", (64, 64)),)))
        finally:
            await client.close()

    with images_server() as (url, _):
        assert asyncio.run(call(url)).startswith(b"\x89PNG")
    assert len(threads) == 2
    assert threading.main_thread() not in threads


def test_closing_ends_what_still_runs() -> None:
    asked, over = threading.Event(), threading.Event()

    def hang(exchange: Exchange) -> None:
        asked.set()
        over.wait(LIMIT_SECONDS)

    with images_server(hang) as (url, _):
        worker = RemoteWorker(ModelCatalogue([entry(url)]).capabilities)
        sample = worker.model(entry(url)).new_sample(params())
        failures: list[BaseException] = []

        def work() -> None:
            request = PaintRequest(operation=Operation.IMAGINE, seed=1, count=1, prompt="a hat")
            task = GenerationTask(job_id="j", person="ana", request=request)
            try:
                worker.generate([sample], task, on_progress=lambda progress: None, cancelled=lambda: False)
            except GenerationError as error:
                failures.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        assert asked.wait(LIMIT_SECONDS)
        worker.close()
        thread.join()
        over.set()
    assert [error.reason for error in failures] == ["shutting_down"]  # type: ignore[attr-defined]


def test_the_catalogue_refuses_entries_that_cannot_be(tmp_path: Path) -> None:
    from engine.catalog.entries import read_entries
    from studio.errors import ConfigurationError

    def read(source: str, remote: str = "", family: str = "images-api") -> ModelEntry:
        path = tmp_path / "models.toml"
        path.write_text(f'[far]\nsource = {json.dumps(source)}\nfamily = "{family}"\n[far.remote]\n{remote}')
        return read_entries(path)["far"]

    good = read("https://api.example/v1", 'sizes = ["1024x1024"]\nparallel = 2\ntimeout_seconds = 60')
    assert good.remote == RemoteEntry(sizes=("1024x1024",), parallel=2, timeout_seconds=60.0)
    assert not good.on_hub
    for source, remote, family in (
        ("https://me:secret@api.example/v1", "", "images-api"),
        ("https://api.example/v1?key=secret", "", "images-api"),
        ("ftp://api.example", "", "images-api"),
        ("owner/name", "", "images-api"),
        ("owner/name", "", "sd"),
        ("https://api.example/v1", 'sizes = ["big"]', "images-api"),
        ("https://api.example/v1", 'sends = ["mood"]', "images-api"),
        ("https://api.example/v1", 'key = "sk-secret"', "images-api"),
        ("https://api.example/v1", "parallel = 0", "images-api"),
        ("https://api.example/v1", "parallel = true", "images-api"),
        ("https://api.example/v1", "timeout_seconds = 1e9", "images-api"),
        ("https://api.example/v1", 'key_env = "A"\nkey_file = "b"', "images-api"),
    ):
        with pytest.raises(ConfigurationError) as caught:
            read(source, remote, family)
        assert "secret" not in str(caught.value)
