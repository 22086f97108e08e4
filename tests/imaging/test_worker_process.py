"""What people bring along is judged and examined in processes beside the front end, and no process means no answer."""

import io
import os
import signal
import sys
import time
from collections.abc import Iterator

import pytest
from PIL import Image

from moderation.policy.policy import default_policy
from moderation.provenance.c2pa_credentials import CredentialSigner
from moderation.provenance.certificates import Chain, ensure_chain
from moderation.provenance.examiner import ProvenanceExaminer
from moderation.provenance.examiner_process import MEMORY_BYTES as EXAMINING_BYTES
from moderation.provenance.examiner_process import TASK as EXAMINATION
from moderation.provenance.examiner_process import ProvenanceExaminerProcess
from moderation.provenance.manifest_assertions import PictureClaim
from moderation.provenance.provenance_pipeline import ImageSigner, SignerSettings
from moderation.provenance.upload_credentials import UploadCredentials
from moderation.provenance.watermark.robustness import photograph
from moderation.rules.image import default_image_rules
from moderation.rules.image_judge import ImageJudge
from moderation.vision.analysis_process import MEMORY_BYTES, ImageAnalyzer
from moderation.vision.analysis_process import TASK as ANALYSIS
from moderation.vision.image_analysis import LocalFeatures
from studio.domain.people import Person, Platform
from studio.domain.requests import Operation
from studio.domain.verdicts import Verdict
from studio.errors import BadImageError, ExaminationError, InspectionError
from studio.ports import Inspected, Inspection
from studio.sandbox import worker_process
from studio.sandbox.worker_process import WorkerCrashedError, WorkerProcess, WorkerTask
from tests.support.sentences import raises

MIB = 2**20
PATIENCE_SECONDS = 300.0  # a slow machine is no reason to give a child up
ADA = Person(platform=Platform.WEB, community="room", user_id="1", display_name="Ada")
PICTURE = "k3v9m2p4qx7a.2"


def png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=1)
    return out.getvalue()


SMALL = photograph(256, seed=1)
LARGE = SMALL.resize((2048, 2048))  # as large as an upload becomes at most


NO_TASK = WorkerTask(function="")  # for children with a command of their own


@pytest.fixture(scope="module")
def analyzer() -> ImageAnalyzer:
    return ImageAnalyzer(WorkerProcess(ANALYSIS, memory_bytes=MEMORY_BYTES, timeout_seconds=PATIENCE_SECONDS))


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    return ensure_chain(tmp_path_factory.mktemp("home") / "provenance", organization="The atelier")


@pytest.fixture(scope="module")
def examiner(chain: Chain) -> ProvenanceExaminerProcess:
    box = WorkerProcess(EXAMINATION, memory_bytes=EXAMINING_BYTES, timeout_seconds=PATIENCE_SECONDS)
    return ProvenanceExaminerProcess(lambda: [chain], worker_process=box)


@pytest.fixture
def killed_at_work(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever is asked while this holds, the child dies over it."""
    ask = worker_process._Child.ask

    def die(child: worker_process._Child, *asked: object, **named: object) -> worker_process.Reply:
        os.kill(child.process_id, signal.SIGKILL)
        return ask(child, *asked, **named)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(worker_process._Child, "ask", die)
        yield


def judged(analyzer: ImageAnalyzer, image: Image.Image) -> Verdict:
    inspector = ImageJudge(default_image_rules(), see=analyzer.see, timeout_seconds=PATIENCE_SECONDS)
    return inspector.judge(Inspection(kind=Inspected.UPLOAD, person=ADA, png=png(image)))


# ---- judging


@pytest.mark.parametrize("image", [SMALL, LARGE], ids=["small", "large"])
def test_a_picture_looks_the_same_from_there(analyzer: ImageAnalyzer, image: Image.Image) -> None:
    remote, own = analyzer.see(png(image)), LocalFeatures(image)
    assert (remote.digest, list(remote.hashes)) == (own.digest, list(own.hashes))
    assert remote.face == pytest.approx(own.face, abs=1e-3)
    assert remote.nakedness.first.porn == pytest.approx(own.nakedness.first.porn, abs=1e-3)
    assert remote.image.tobytes() == image.tobytes()


def test_one_process_looks_at_picture_after_picture_in_bounded_memory(analyzer: ImageAnalyzer) -> None:
    judged(analyzer, SMALL)
    processes = analyzer.worker_process.process_ids
    assert judged(analyzer, LARGE).fingerprint
    assert analyzer.worker_process.process_ids == processes
    assert 50 * MIB < analyzer.worker_process.peak_bytes < 350 * MIB


def test_what_is_no_picture_is_not_shown_and_the_process_stays(analyzer: ImageAnalyzer) -> None:
    judged(analyzer, SMALL)
    processes = analyzer.worker_process.process_ids
    with pytest.raises(ValueError, match="UnidentifiedImageError"):
        analyzer.see(b"GIF89a")
    assert analyzer.worker_process.process_ids == processes


def test_an_upload_over_which_the_process_dies_is_not_shown(
    analyzer: ImageAnalyzer, killed_at_work: None
) -> None:
    with raises(InspectionError, match="could not be checked"):
        judged(analyzer, SMALL)
    assert analyzer.worker_process.process_ids == []


def test_the_upload_after_that_is_judged_by_another_process(analyzer: ImageAnalyzer) -> None:
    judged(analyzer, SMALL)
    (killed,) = analyzer.worker_process.process_ids
    os.kill(killed, signal.SIGKILL)
    assert analyzer.worker_process._warm is not None
    analyzer.worker_process._warm._process.wait()
    assert judged(analyzer, SMALL).fingerprint
    assert killed not in analyzer.worker_process.process_ids


# What a process answers in the place of `{{}}`: whoever took it over may say anything.
_ANSWERS = """
import json, socket, struct, sys
connection, length = socket.socket(fileno=int(sys.argv[1])), struct.Struct(">Q")
answer = json.dumps({{"peak_bytes": 0, **json.loads({told!r})}}).encode()
connection.sendall(length.pack(len(answer)) + answer)
connection.recv(1 << 20)
"""
_VIEWS = '[["ff", 90]' + 7 * ', ["0", 90]' + "]"
_FIRST = '{"drawing": 0, "hentai": 0, "neutral": 1, "porn": 0, "sexy": 0}'


@pytest.mark.parametrize(
    "view",
    [
        "{}",
        f'{{"digest": "00", "hashes": {_VIEWS}, "first": {_FIRST}, "second": null, "face": NaN}}',
        f'{{"digest": "00", "hashes": {_VIEWS}, "first": {_FIRST}, "second": 7, "face": 0}}',
        f'{{"digest": "00", "hashes": [], "first": {_FIRST}, "second": null, "face": 0}}',
        f'{{"digest": "00", "hashes": {_VIEWS}, "first": {{}}, "second": null, "face": 0}}',
    ],
)
def test_an_answer_that_is_none_counts_as_no_answer(view: str) -> None:
    command = (sys.executable, "-I", "-c", _ANSWERS.format(told=view))
    box = WorkerProcess(NO_TASK, memory_bytes=0, timeout_seconds=PATIENCE_SECONDS, command=command)
    with pytest.raises(WorkerCrashedError):
        ImageAnalyzer(box).see(png(SMALL))
    assert box.process_ids == []


def test_the_policy_is_asked_here_and_not_there(analyzer: ImageAnalyzer) -> None:
    """One process looks for all communities, whatever each of them makes of it."""
    verdict = judged(analyzer, SMALL)
    inspector = ImageJudge(default_image_rules(policy=default_policy()))
    here = inspector.judge(Inspection(kind=Inspected.UPLOAD, person=ADA, png=png(SMALL)))
    assert verdict == here


# ---- examining


@pytest.fixture(scope="module")
def copy(chain: Chain) -> bytes:
    signer = ImageSigner(SignerSettings(), notary=CredentialSigner(chain))
    marked = png(signer.mark(SMALL, picture_id=PICTURE))
    return signer.certify(marked, picture_id=PICTURE, operation=Operation.IMAGINE)


def test_a_file_tells_the_same_from_there(
    examiner: ProvenanceExaminerProcess, chain: Chain, copy: bytes
) -> None:
    here = ProvenanceExaminer(lambda: [chain]).examine(copy, png=copy)
    assert here.mark == here.credentials == PICTURE
    assert examiner.examine(copy, png=copy) == here
    assert examiner.examine(png(SMALL), png=png(SMALL)).claims == ()
    assert 50 * MIB < examiner.worker_process.peak_bytes < 250 * MIB


def test_a_file_that_cannot_be_read_is_said_to_be_one(examiner: ProvenanceExaminerProcess) -> None:
    with raises(BadImageError, match="cannot be read"):
        examiner.examine(b"GIF89a", png=b"GIF89a")


def test_of_a_file_over_which_the_process_dies_nothing_is_said(
    examiner: ProvenanceExaminerProcess, copy: bytes, killed_at_work: None
) -> None:
    with raises(ExaminationError, match="could not be examined"):
        examiner.examine(copy, png=copy)
    assert examiner.worker_process.process_ids == []


def test_the_file_after_that_is_examined(examiner: ProvenanceExaminerProcess, copy: bytes) -> None:
    assert examiner.examine(copy, png=copy).mark == PICTURE


# ---- how long a process is kept


_ECHOES = """
import json, socket, struct, sys
connection, length = socket.socket(fileno=int(sys.argv[1])), struct.Struct(">Q")
answer = json.dumps({"peak_bytes": 1}).encode()
with connection.makefile("rb") as asked:
    while head := asked.read(8):
        asked.read(*length.unpack(head))
        connection.sendall(length.pack(len(answer)) + answer)
"""


def echoes(idle_seconds: float) -> WorkerProcess:
    command = (sys.executable, "-I", "-c", _ECHOES)
    return WorkerProcess(
        NO_TASK, memory_bytes=0, command=command, idle_seconds=idle_seconds, timeout_seconds=PATIENCE_SECONDS
    )


def test_a_process_that_has_nothing_to_do_for_a_while_is_ended() -> None:
    box = echoes(idle_seconds=0)
    for _ in range(2):
        box.ask(b"anything", check=dict)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while box.process_ids and time.monotonic() < deadline:
            time.sleep(0.01)
        assert box.process_ids == []


def test_a_process_that_had_something_to_do_in_between_is_kept() -> None:
    box = echoes(idle_seconds=PATIENCE_SECONDS)
    box.ask(b"anything", check=dict)
    child = box._warm
    assert child is not None
    box.ask(b"more", check=dict)
    box._end_idle(child, 1)  # the first nap's alarm, late
    assert box._warm is child
    box._end_idle(child, 2)
    assert box.process_ids == []


def test_the_credentials_of_an_upload_are_kept_by_the_process(
    chain: Chain, examiner: ProvenanceExaminerProcess
) -> None:
    plain = png(Image.new("RGB", (64, 64)))
    claim = PictureClaim(picture_id="k3v9m2p4qx7a.2", operation=Operation.IMAGINE)
    signed = CredentialSigner(chain).sign(plain, claim)
    assert UploadCredentials.from_bytes(examiner.extract_credentials(signed)) is not None
    assert examiner.extract_credentials(plain) == b""


def test_a_file_that_kills_the_process_has_no_credentials(
    examiner: ProvenanceExaminerProcess, killed_at_work: None
) -> None:
    with pytest.raises(ExaminationError):
        examiner.extract_credentials(b"c2pa")
