"""Which message shows what, and which of several processes sends it: exactly one."""

from datetime import timedelta
from functools import partial

from bots.delivery import deliveries
from bots.delivery.deliveries import Claim
from bots.queries.starboard_entry import load_starboard_entry
from studio.clock import now
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db.deliveries import find_subject
from studio.domain.deliveries import DeliveryKind, MessageRef, Subject
from studio.domain.people import Platform
from studio.ports import Ports
from tests.support.finished_jobs import paint_job
from tests.support.recorded_messages import find_message

MINUTE = timedelta(minutes=1)
SUBJECT = Subject(DeliveryKind.JOB, "k3v9m2p4qx7a", Platform.SLACK)
MESSAGE_REF = MessageRef(channel="c", message="m")


def test_one_process_sends_a_message(ports: Ports) -> None:
    database = ports.database
    assert deliveries.take_claim(database, SUBJECT, "c", lasts=MINUTE) is Claim.OURS
    assert deliveries.take_claim(database, SUBJECT, "c", lasts=MINUTE) is Claim.THEIRS
    assert find_message(database, SUBJECT) is None
    deliveries.record(database, SUBJECT, MESSAGE_REF)
    assert deliveries.take_claim(database, SUBJECT, "c", lasts=MINUTE) is Claim.SENT
    assert find_message(database, SUBJECT) == MESSAGE_REF


def test_a_message_whose_sender_died_is_sent_by_another(ports: Ports) -> None:
    database = ports.database
    deliveries.take_claim(database, SUBJECT, "c", lasts=-MINUTE)
    assert deliveries.take_claim(database, SUBJECT, "c", lasts=MINUTE) is Claim.INHERITED
    assert deliveries.take_claim(database, SUBJECT, "c", lasts=MINUTE) is Claim.THEIRS


def test_a_renewed_claim_is_not_inherited(ports: Ports) -> None:
    database = ports.database
    deliveries.take_claim(database, SUBJECT, "c", lasts=-MINUTE)
    deliveries.renew_claim(database, SUBJECT, until=now() + MINUTE)
    assert deliveries.take_claim(database, SUBJECT, "c", lasts=MINUTE) is Claim.THEIRS


def test_the_next_holder_of_a_claim_knows_the_messages_channel(ports: Ports) -> None:
    database = ports.database
    deliveries.take_claim(database, SUBJECT, "c", lasts=MINUTE)
    deliveries.move_claim(database, SUBJECT, "ana")
    deliveries.abandon_claim(database, SUBJECT)
    assert deliveries.take_claim(database, SUBJECT, "c", lasts=MINUTE) is Claim.INHERITED
    assert deliveries.claimed_channel(database, SUBJECT) == "ana"


def test_a_claim_that_is_given_back_is_as_if_it_had_never_been(ports: Ports) -> None:
    database = ports.database
    deliveries.take_claim(database, SUBJECT, "c", lasts=MINUTE)
    deliveries.release_claim(database, SUBJECT)
    assert deliveries.take_claim(database, SUBJECT, "c", lasts=MINUTE) is Claim.OURS


def test_a_message_that_is_there_is_not_given_back(ports: Ports) -> None:
    database = ports.database
    deliveries.take_claim(database, SUBJECT, "c", lasts=MINUTE)
    deliveries.record(database, SUBJECT, MESSAGE_REF)
    for late in (deliveries.release_claim, deliveries.abandon_claim):
        late(database, SUBJECT)
    deliveries.move_claim(database, SUBJECT, "elsewhere")
    assert find_message(database, SUBJECT) == MESSAGE_REF


def test_what_had_no_place_may_be_sent_when_there_is_one(ports: Ports) -> None:
    database = ports.database
    deliveries.record(database, SUBJECT, MessageRef(channel="c", message="", final=True))
    assert find_message(database, SUBJECT) is None
    assert deliveries.take_claim(database, SUBJECT, "d", lasts=MINUTE) is Claim.OURS


def test_what_a_message_shows_is_found_where_messages_are_numbered_by_channel(ports: Ports) -> None:
    database = ports.database
    other = Subject(DeliveryKind.CASE, "k3v9m2p4qx7a", Platform.SLACK)
    deliveries.record(database, SUBJECT, MESSAGE_REF)
    deliveries.record(database, other, MessageRef(channel="d", message="m"))
    with database.read() as session:
        find = partial(find_subject, session)
        assert find(Platform.SLACK, "m", channel="c") == SUBJECT
        assert find(Platform.SLACK, "m", channel="d") == other
        assert find(Platform.SLACK, "m", channel="e") is None
        assert find(Platform.DISCORD, "m") is None


def test_a_job_and_its_case_have_a_message_each(ports: Ports) -> None:
    case = Subject(DeliveryKind.CASE, SUBJECT.id, SUBJECT.platform)
    deliveries.record(ports.database, SUBJECT, MESSAGE_REF)
    assert deliveries.take_claim(ports.database, case, "desk", lasts=MINUTE) is Claim.OURS
    deliveries.forget(ports.database, SUBJECT)
    assert find_message(ports.database, SUBJECT) is None
    assert deliveries.take_claim(ports.database, case, "desk", lasts=MINUTE) is Claim.THEIRS


def test_a_starred_picture_stays_however_few_stars_it_has_left(ports: Ports, call: Call) -> None:
    accepted = execute(ports, call, "imagine", {"prompt": "a red apple", "count": 1})
    picture_id = f"{paint_job(ports, accepted.job_id)}.1"  # type: ignore[union-attr]
    subject = Subject(DeliveryKind.STARBOARD, picture_id, Platform.DISCORD)
    deliveries.record(ports.database, subject, MESSAGE_REF)
    entry, message_ref = load_starboard_entry(ports.database, picture_id)
    assert entry is not None
    assert message_ref == MESSAGE_REF
