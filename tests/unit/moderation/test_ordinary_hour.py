"""An hour of an ordinary user: prompts as people write them, the rules, limits and strikes as they are shipped."""

from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from functools import cache
from types import SimpleNamespace

import pytest
from sqlalchemy import select, update

from moderation.limits.settings import LimitSettings
from moderation.records.tables import StrikeRow
from moderation.rules.prompt import PromptRule, default_prompt_rules
from studio.clock import now
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db.tables import BanRow, JobRow, NoticeRow
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.errors import PolicyRefusalError
from studio.ports import Ports
from tests.support.case_sim import with_gate
from tests.support.fakes import someone, somewhere

ANA = someone("ana")
PAUSE = timedelta(seconds=75)  # 48 prompts in an hour
PROMPTS = """
a cozy cabin in a snowy forest, warm light in the windows, digital art
a cozy cabin in a snowy forest, warm light in the windows, smoke from the chimney, studio ghibli style
cozy log cabin, blizzard, night, northern lights above, highly detailed, 8k
a red fox curled up in front of a log cabin, snow, cinematic lighting
portrait of an old fisherman with a pipe, wrinkled face, rembrandt lighting, oil painting
portrait of an old fisherman, storm in the background, lightning, dramatic
old fisherman fighting a giant octopus, stormy sea, epic fantasy art, trending on artstation
viking warrior with a bloody axe standing on a battlefield, fog, dark fantasy
viking longship in heavy seas, dramatic sky, matte painting
female knight in full plate armor, battle worn, holding a broken sword, greg rutkowski
female elf archer, forest background, intricate armor, d&d character sheet
orc barbarian roaring, war paint, d&d character portrait
zombie horde in an abandoned mall, horror movie poster
vampire queen on a throne of bones, gothic, red dress, candles
a haunted doll in an attic, creepy, cobwebs, old photograph
cute ghost holding a pumpkin, kawaii sticker, white background
sticker of a cat in a wizard hat, vector, die cut
logo for a coffee shop called black cat, minimal, vector
logo for a death metal band, illegible letters, roots, black and white
album cover, synthwave, pink sunset, palm trees, sports car
retro car poster, 1985 sports car, neon grid, chrome letters
a cyberpunk street at night, rain, neon signs in japanese, people with umbrellas
cyberpunk assassin on a rooftop, holding a sniper rifle, city below, neon
mech warrior destroying a city, explosions, anime key visual
nuclear explosion over a desert, 1950s photograph, mushroom cloud
ww2 soldiers landing on a beach, black and white documentary photo
napoleon on a horse, crossing the alps, but as a lego set
a roman gladiator in the arena, crowd cheering, sand, sweat
greek marble statue of a goddess holding a smartphone, museum
renaissance painting of people eating pizza, vermeer light
still life with skull, candle, rotten fruit, dutch vanitas painting
medical illustration of a human heart, cross section, vintage textbook
a pirate captain with a hook hand drinking rum in a tavern
bartender mixing a cocktail on fire, action shot
beach volleyball players in swimsuits, action photo, summer
ballet dancer mid jump, studio photo, black background, powder
a muscular man chopping wood, golden hour, sweat, photo
great white shark jumping out of the water, teeth, spray
a lion hunting a zebra, savanna, dust, wildlife photography
butcher shop window, sausages, vintage sign, paris 1900
surgeon in an operating room, blue light, photo, serious
a crying clown in the rain, sad, film still
drunk santa asleep on a sofa, christmas lights, funny
grumpy cat as a mafia boss with a cigar, oil painting
my dog as an astronaut, nasa portrait, flag in the background
watercolor map of a fantasy island, volcano, sea monsters
low poly island with a tiny castle, isometric, blender render
cabin from before but in spring, flowers, morning sun
""".strip().splitlines()


@cache
def shipped_rules() -> tuple[PromptRule, ...]:
    return default_prompt_rules()


class MovedClock:
    """Both clocks of the process, moved on by hand."""

    def __init__(self) -> None:
        self.moved = timedelta()

    def now(self, zone: tzinfo) -> datetime:
        return datetime.now(zone) + self.moved

    def monotonic(self) -> float:
        return self.moved.total_seconds()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> MovedClock:
    moved = MovedClock()
    monkeypatch.setattr("studio.clock.datetime", moved)
    monkeypatch.setattr("studio.gcra.time", SimpleNamespace(monotonic=moved.monotonic))
    return moved


@pytest.mark.parametrize("moderated", [True, False], ids=["with moderators", "without"])
def test_an_hour_of_an_ordinary_user_ends_without_a_timeout(
    ports: Ports, clock: MovedClock, moderated: bool
) -> None:
    unmoderated = frozenset() if moderated else frozenset({Platform.WEB})
    instance = with_gate(
        ports, holds=moderated, prompt_rules=shipped_rules(), unmoderated=unmoderated, limits=LimitSettings()
    )
    member = replace(
        ANA, account_created_at=now() - timedelta(days=400), joined_at=now() - timedelta(days=90)
    )
    assert len(PROMPTS) == 48
    stopped = []
    for number, prompt in enumerate(PROMPTS):
        call = Call(person=member, address=somewhere(), request_key=f"prompt {number}")
        try:
            job_id = execute(instance, call, "imagine", {"prompt": prompt, "count": 1}).job_id
            with instance.database.begin() as session:
                row = session.get_one(JobRow, job_id)
                stopped += [prompt] if row.state == JobState.HELD else []
                session.execute(update(JobRow).values(state=JobState.DONE))
        except PolicyRefusalError:
            stopped.append(prompt)
        clock.moved += PAUSE
    assert len(stopped) <= 6  # some of it may be in doubt
    with instance.database.read() as session:
        assert list(session.scalars(select(BanRow))) == []
        assert list(session.scalars(select(NoticeRow))) == []
        assert sum(session.scalars(select(StrikeRow.weight))) < 1
