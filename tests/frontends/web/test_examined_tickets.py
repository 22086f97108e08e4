"""What a file tells of its origin travels to the browser and back as a ticket."""

import secrets

from PIL import Image

from bots.web.access.session_cookies import SessionStore, WebUser
from bots.web.live.protocol import LONGEST_TICKET
from moderation.vision.pdq import pdq_of_turns
from studio.domain.provenance import Traces
from tests.support.web_client import web_settings


def test_the_ticket_of_an_examined_file_fits_into_a_message() -> None:
    turns = len(pdq_of_turns(Image.new("RGB", (128, 128))))
    hashes = [secrets.token_hex(32) for _ in range(9 + turns)]
    texts = {
        "credentials": "k3v9m2p4qx7a.1",
        "named": "k3v9m2p4qx7a.1",
        "software": "x" * 200,
        "signed_by": "y" * 200,
    }
    traces = Traces(fingerprint=hashes[0], views=tuple(hashes[1:9]), turned=tuple(hashes[9:]), **texts)
    ticket = SessionStore(web_settings()).examined_ticket(WebUser(user_id="0" * 16), traces)
    assert len(ticket) <= LONGEST_TICKET
