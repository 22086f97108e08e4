"""What three people do in each kind of gathering, from its opening to its end. `Stage` says on which front end."""

from collections.abc import Awaitable, Callable, Mapping

from tests.support.gathering_journeys.stage import Stage


async def vote_for(stage: Stage, votes: Mapping[str, str]) -> None:
    """By person: the number that each presses."""
    for who, label in votes.items():
        assert f"number {label}" in await stage.press(who, label)


async def play_evolution(stage: Stage) -> None:
    await stage.type("ana", "evolve", words="a glass lighthouse", rounds=2, children=3, vote="10m", quorum=3)
    await stage.paint()
    assert "Press the numbers of all pictures" in await stage.read()
    first = [f"Picture {number} of generation 1" for number in (1, 2, 3)]
    assert await stage.alt_texts() == first

    await vote_for(stage, {"ana": "1", "bo": "2", "mo": "2"})
    assert "taken back" in await stage.press("ana", "1")
    await vote_for(stage, {"ana": "2"})
    picture = await stage.own_picture("bo", "a red boat")
    assert "in the next generation" in await stage.fill("bo", "Add mine", picture=picture)
    await stage.pass_by(minutes=11)
    assert "Number 2 of generation 1 was chosen." in await stage.read()

    await stage.paint()
    assert any(text.lower().endswith("brought by bo") for text in await stage.alt_texts())
    assert "cannot vote for your own" in await stage.press("bo", "1")
    await vote_for(stage, {"ana": "1", "bo": "2", "mo": "1"})
    await stage.press("mo", "Manage")
    assert "goes on" in await stage.press("mo", "Go on now")
    assert await stage.alt_texts() == ["The chosen picture of each generation, from left to right"]
    assert "Chose" in await stage.read()

    finished = stage.gathering_id
    await stage.fill("ana", "Branch", picture="Generation 1, number 2")
    assert stage.gathering_id != finished
    await stage.paint()
    assert "Press the numbers of all pictures" in await stage.read()


JOURNEYS: Mapping[str, Callable[[Stage], Awaitable[None]]] = {"evolution": play_evolution}
