"""The implementation of every port of the studio. Nothing here loads an accelerator library for a front end."""

from contextlib import ExitStack, closing

from chatelier.mail.smtp_mailer import open_mailer
from chatelier.settings import Settings
from chatelier.wiring.database import open_database
from chatelier.wiring.instance import instance_limits, open_storage, web_url
from chatelier.wiring.language_models import open_captioner, open_prompt_helper
from chatelier.wiring.model_catalogue import model_catalogue, models_with_queues
from chatelier.wiring.moderation import evidence_cipher, instance_policy, open_gate
from chatelier.wiring.provenance import own_chains
from chatelier.wiring.redis_address import redis_url
from studio.ports import Ports


def frontend_ports(settings: Settings) -> Ports:
    """Everything that a front end hands to the commands. Raises `ConfigurationError` and `DatabaseUnavailableError`.

    Uploads are judged and examined in subprocesses, which end when idle.
    """
    from engine.catalog.bundled_notes import bundled_notes
    from engine.catalog.model_availability import AvailableOptions
    from engine.imaging.image_tools import PillowImageTools
    from engine.queue.celery_queue import CeleryQueue
    from engine.queue.redis_events import RedisEvents
    from moderation.cases.service import CaseService
    from moderation.cases.side_effects import SideEffects
    from moderation.provenance.examiner_process import ProvenanceExaminerProcess
    from moderation.vision.analysis_process import shared_analyzer

    with ExitStack() as if_it_fails:
        database = if_it_fails.enter_context(closing(open_database(settings)))
        url = redis_url(settings)
        queue = if_it_fails.enter_context(closing(CeleryQueue(url, models=models_with_queues(settings))))
        events = if_it_fails.enter_context(closing(RedisEvents(url)))
        store = open_storage(settings)
        side_effects = SideEffects(database=database, queue=queue, events=events, store=store)
        gate = open_gate(
            settings, database, redis_url=url, side_effects=side_effects, analyzer=shared_analyzer()
        )
        gate.warm_up()
        catalogue = model_catalogue(settings)
        ports = Ports(
            database=database,
            gate=gate,
            queue=queue,
            store=store,
            events=events,
            image_tools=PillowImageTools(),
            desk=CaseService(
                database=database,
                side_effects=side_effects,
                policy=instance_policy(settings),
                cipher=evidence_cipher(settings),
            ),
            examiner=ProvenanceExaminerProcess(lambda: own_chains(settings)),
            options=AvailableOptions(catalogue, redis_url=url, notes=bundled_notes(catalogue)),
            rules=instance_limits(settings),
            web_url=web_url(settings),
            prompt_helper=open_prompt_helper(settings),
            captioner=open_captioner(settings, generates=False),
            mailer=open_mailer(settings.mail),
        )
        if_it_fails.pop_all()
    return ports
