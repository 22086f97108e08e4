"""Two files of a picture: the master, from which further work starts, and the signed copy that people get."""

import io
from dataclasses import replace
from datetime import timedelta

import pytest
from PIL import Image

from engine.generation_task import GeneratedImage
from engine.imaging.codecs.encoding import decode
from engine.imaging.codecs.recipe_metadata import read_recipe
from engine.jobs.job_runner import JobRunner
from engine.jobs.leases import LeaseKeeper
from engine.maintenance.orphan_files import OrphanFileCleaner
from moderation.provenance.provenance_pipeline import ImageSigner, SignerSettings
from studio.clock import now
from studio.commands.registry import execute
from studio.db import queries
from studio.db.tables import PictureRow
from studio.domain.identifiers import picture_id
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.domain.provenance import PICTURE_KEY
from studio.domain.verdicts import Ruling, Verdict
from studio.errors import SigningError
from studio.ports import STORE_PARTS
from tests.support.recipes import recipe_of
from tests.support.worker_context import worker_context

INK = (12, 200, 80)


class Brush:
    """Paints squares of one colour, or what an edit leaves of its source."""

    def __init__(self):
        self.orders = []
        self.size = (256, 256)

    def generate(self, order, *, on_progress, cancelled, on_picture=None):
        self.orders.append(order)
        request = order.request
        image = order.sources[0] if order.sources else Image.new("RGB", self.size, INK)
        recipe = recipe_of(request, seed=1, width=image.width, height=image.height, parents=())
        return [GeneratedImage(image=image, recipe=recipe) for _ in range(request.count)]


class Stamp:
    """A signer that paints a corner and certifies by a byte behind the file."""

    def __init__(self):
        self.asked = []

    def mark(self, picture, *, picture_id):
        marked = picture.copy()
        marked.paste((255, 0, 0), (200, 200, 256, 256))
        return marked

    def certify(self, png, *, picture_id, operation, sources=()):
        self.asked.append((picture_id, operation))
        return png + b"!"


@pytest.fixture
def brush():
    return Brush()


@pytest.fixture
def stamp():
    return Stamp()


def work_of(ports, brush, signer):
    return JobRunner(
        worker_context(ports, signer=signer),
        generator=brush,
        leases=LeaseKeeper(ports.database, worker="w1", lease_seconds=30),
    )


def paint(ports, call, brush, signer, command="imagine", **values):
    wanted = {"prompt": "a red apple", **values}
    job_id = execute(ports, replace(call, request_key=str(len(brush.orders))), command, wanted).job_id
    work_of(ports, brush, signer).run(job_id)
    with ports.database.read() as session:
        return queries.find_job(session, job_id), queries.pictures_of_job(session, job_id)


def test_people_get_the_signed_copy_and_never_the_master(ports, call, brush, stamp):
    job, (picture,) = paint(ports, call, brush, stamp, count=1)
    assert stamp.asked == [(picture_id(job.id, 1), "imagine")]
    assert decode(ports.store.get(picture.key)).getpixel((255, 255)) == (255, 0, 0)
    assert picture.source_key != picture.key
    master = ports.store.get(picture.source_key)
    assert decode(master).getpixel((255, 255)) == INK
    assert read_recipe(master).prompt == "a red apple"
    small = decode(ports.store.get(picture.thumbnail_key))
    assert small.getpixel((250, 250))[0] > 200


@pytest.mark.parametrize("signed", [True, False])
def test_files_do_not_name_the_pictures_that_they_were_made_from(ports, call, brush, stamp, signed):
    _, (first,) = paint(ports, call, brush, stamp, count=1)
    edit = {"picture": first.id, "region": "A1", "count": 1}
    _, (second,) = paint(ports, call, brush, stamp if signed else None, "edit", **edit)
    assert second.recipe.parents == (first.id,)
    for key in {second.key, second.source_key}:
        assert first.id.encode() not in ports.store.get(key)
        assert read_recipe(ports.store.get(key)).prompt == second.recipe.prompt


@pytest.mark.parametrize("platform", [Platform.DISCORD, Platform.SLACK, Platform.WEB])
def test_nothing_is_stored_beside_the_files_of_each_picture(ports, call, brush, stamp, platform):
    there = replace(call, address=replace(call.address, platform=platform))
    _, pictures = paint(ports, there, brush, stamp, count=4)
    keys = {key for picture in pictures for key in (picture.key, picture.source_key, picture.thumbnail_key)}
    assert set(ports.store.blobs) == keys


@pytest.mark.parametrize(
    ("size", "sides"),
    [
        ((320, 200), {320: 320}),
        ((512, 384), {320: 320, 640: 512}),
        ((600, 1024), {320: 320, 640: 640, 1280: 1024}),
        ((2048, 1024), {320: 320, 640: 640, 1280: 1280}),
    ],
)
def test_a_picture_is_stored_in_every_size_that_a_page_may_need(ports, call, brush, stamp, size, sides):
    brush.size = size
    _, (picture,) = paint(ports, call, brush, stamp, count=1)
    files = {side: ports.store.get(key) for side, key in picture.thumbnail_keys.items()}
    assert {side: max(decode(data).size) for side, data in files.items()} == sides
    assert all(data[8:12] == b"WEBP" for data in files.values())


def test_no_size_of_a_deleted_picture_stays(ports, call, brush, stamp):
    brush.size = (2048, 1024)
    job, _ = paint(ports, call, brush, stamp, count=1)
    assert len(ports.store.blobs) == len({"copy", "master", "320", "640", "1280"})
    execute(ports, call, "delete", {"what": job.id})
    assert ports.store.blobs == {}


def test_the_orphan_file_cleaner_leaves_every_size_of_a_picture_alone(ports, call, brush, stamp, monkeypatch):
    brush.size = (2048, 1024)
    paint(ports, call, brush, stamp, count=1)
    monkeypatch.setattr("engine.maintenance.orphan_files.PARTS_A_RUN", STORE_PARTS)
    assert OrphanFileCleaner(database=ports.database, store=ports.store).clear(now() + timedelta(days=2)) == 0


def test_further_work_starts_from_the_master(ports, call, brush, stamp):
    _, (picture,) = paint(ports, call, brush, stamp, count=1)
    paint(ports, call, brush, stamp, "edit", picture=picture.id, region="A1", prompt="a boat")
    assert brush.orders[1].sources[0].getcolors() == [(256 * 256, INK)]


def test_what_an_edit_leaves_alone_is_the_same_in_both_masters(ports, call, brush):
    signer = ImageSigner(SignerSettings(), notary=None)
    _, (first,) = paint(ports, call, brush, signer, count=1)
    _, (second, *_) = paint(
        ports, call, brush, signer, "edit", picture=first.id, region="A1", prompt="a boat"
    )
    masters = [decode(ports.store.get(picture.source_key)).tobytes() for picture in (first, second)]
    assert masters[0] == masters[1]
    assert decode(ports.store.get(second.key)).tobytes() != masters[1]


def test_deleting_a_picture_deletes_both_files(ports, call, brush, stamp):
    job, (picture,) = paint(ports, call, brush, stamp, count=1)
    execute(ports, call, "delete", {"what": job.id})
    assert not {picture.key, picture.source_key, picture.thumbnail_key} & ports.store.blobs.keys()


def test_a_master_that_another_picture_needs_stays(ports, call, brush, stamp):
    _, (first,) = paint(ports, call, brush, stamp, count=1)
    _, (second,) = paint(ports, call, brush, stamp, count=1)
    assert first.source_key == second.source_key
    execute(ports, call, "delete", {"what": first.id})
    assert second.source_key in ports.store.blobs


def test_without_a_signer_there_is_one_file(ports, call, brush):
    _, (picture,) = paint(ports, call, brush, None, count=1)
    assert picture.master_key is None
    assert picture.source_key == picture.key


class Markless(Stamp):
    def mark(self, picture, *, picture_id):
        raise SigningError


class Inkless(Stamp):
    def certify(self, png, *, picture_id, operation, sources=()):
        raise SigningError


@pytest.mark.parametrize("broken", [Markless, Inkless])
def test_a_job_whose_pictures_must_be_signed_and_cannot_is_not_charged(ports, call, brush, broken):
    job, pictures = paint(ports, call, brush, broken())
    assert (job.state, job.error_code, pictures) == (JobState.FAILED, "signing", [])
    assert ports.store.blobs == {}


def test_what_pictures_look_like_is_written_down(ports, call, brush, stamp):
    ports.gate.picture_verdict = Verdict(ruling=Ruling.ALLOW, fingerprint="ab" * 32)
    _, (picture,) = paint(ports, call, brush, stamp, count=1)
    with ports.database.read() as session:
        assert session.get_one(PictureRow, picture.id).perceptual_hash == "ab" * 32


def test_a_refused_picture_is_never_signed(ports, call, brush, stamp):
    ports.gate.picture_verdict = Verdict(ruling=Ruling.REFUSE, rule="nudity", category="sexual")
    job, _ = paint(ports, call, brush, stamp, count=1)
    assert (job.state, stamp.asked) == (JobState.REFUSED, [])


def test_a_copy_is_certified_with_its_recipe_and_its_id_in_it(ports, call, brush, stamp):
    _, (picture,) = paint(ports, call, brush, stamp, count=1)
    copy = ports.store.get(picture.key)
    assert copy.endswith(b"!")
    assert read_recipe(copy).prompt == "a red apple"
    with Image.open(io.BytesIO(copy)) as opened:
        assert opened.text[PICTURE_KEY] == picture.id
    with Image.open(io.BytesIO(ports.store.get(picture.source_key))) as master:
        assert PICTURE_KEY not in master.text


def test_what_a_signer_cannot_certify_leaves_nothing_of_the_other_pictures_behind(ports, call, brush):
    class LastInkless(Stamp):
        def certify(self, png, *, picture_id, operation, sources=()):
            if picture_id.endswith(".4"):
                raise SigningError
            return png

    job, pictures = paint(ports, call, brush, LastInkless(), count=4)
    assert (job.state, pictures, ports.store.blobs) == (JobState.FAILED, [], {})
