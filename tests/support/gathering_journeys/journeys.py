"""What three people do in each kind of gathering, from its opening to its end. `Stage` says on which front end."""

from collections.abc import Awaitable, Callable, Mapping

from tests.support.gathering_journeys.stage import Stage


def expect(words: str, text: str) -> None:
    assert words in text, text


async def vote_for(stage: Stage, votes: Mapping[str, str]) -> None:
    """By person: the number that each presses."""
    for who, label in votes.items():
        expect(f"number {label}", await stage.press(who, label))


async def play_evolution(stage: Stage) -> None:
    await stage.type("ana", "evolve", words="a glass lighthouse", rounds=2, children=3, vote="10m", quorum=3)
    await stage.paint()
    expect("Press the numbers of all pictures", await stage.read())
    first = [f"Picture {number} of generation 1" for number in (1, 2, 3)]
    assert await stage.alt_texts() == first

    await vote_for(stage, {"ana": "1", "bo": "2", "mo": "2"})
    expect("taken back", await stage.press("ana", "1"))
    await vote_for(stage, {"ana": "2"})
    picture = await stage.own_picture("bo", "a red boat")
    expect("in the next generation", await stage.fill("bo", "Add mine", picture=picture))
    await stage.pass_by(minutes=11)
    expect("Number 2 of generation 1 was chosen.", await stage.read())

    await stage.paint()
    assert any(text.lower().endswith("brought by bo") for text in await stage.alt_texts())
    expect("cannot vote for your own", await stage.press("bo", "1"))
    await vote_for(stage, {"ana": "1", "bo": "2", "mo": "1"})
    await stage.press("mo", "Manage")
    expect("goes on", await stage.press("mo", "Go on now"))
    assert await stage.alt_texts() == ["The chosen picture of each generation, from left to right"]
    expect("Chose", await stage.read())

    finished = stage.gathering_id
    await stage.fill("ana", "Branch", part="Generation 1, number 2")
    assert stage.gathering_id != finished
    await stage.paint()
    expect("Press the numbers of all pictures", await stage.read())


async def play_telephone(stage: Stage) -> None:
    await stage.type("ana", "telephone", players=3)
    assert "have to join first" in await stage.press("ana", "Start now")
    for who in ("bo", "mo"):
        assert "You take part" in await stage.press(who, "Join")
    players = [await _take_turn(stage, f"a red fox number {number}") for number in (1, 2, 3)]
    assert sorted(players) == ["ana", "bo", "mo"]

    for shown in (1, 2, 3):
        read = await stage.read()
        assert [f"fox number {number}" in read for number in (1, 2, 3)] == [
            number <= shown for number in (1, 2, 3)
        ]
        assert len(await stage.alt_texts()) == shown
        await stage.pass_by(minutes=1 if shown < 3 else 0)
    await stage.press(players[2], "Manage")  # in place of their candidates, which have numbers as well
    assert "cannot vote for your own" in await stage.press(players[0], "1")
    for player, label in zip(players, "211", strict=True):
        assert "You voted" in await stage.press(player, label)
    await stage.pass_by(minutes=0)
    assert "number 1" in await stage.read()
    assert await stage.alt_texts() == ["All turns of chain 1, from left to right"]

    finished = stage.gathering_id
    await stage.fill("bo", "Again", players="4", turn="an hour", chains="one")
    assert stage.gathering_id != finished
    assert "1 of 4" in await stage.read()


async def _take_turn(stage: Stage, words: str) -> str:
    """Whoever has the turn sees the last picture, writes, and chooses; everybody else sees nothing. Who it was."""
    seen = {who: await stage.press(who, "My turn") for who in ("ana", "bo", "mo")}
    (player,) = [who for who, text in seen.items() if "not your turn" not in text]
    await stage.fill(player, "Write", words=words)
    await stage.paint()
    assert "fox" not in await stage.read()
    assert "Which picture goes on?" in await stage.press(player, "My turn")
    assert "goes on" in await stage.press(player, "2")
    return player


async def play_contest(stage: Stage) -> None:
    await stage.type("ana", "contest", title="Autumn light", closes="1h", voting="1h")
    for who in ("bo", "mo"):
        picture = await stage.own_picture(who, f"a tree of {who}")
        expect("Your picture is in.", await stage.fill(who, "Enter", picture=picture))
    expect("2 entries", await stage.read())
    await stage.pass_by(minutes=61)

    for who, entries in (("ana", 2), ("bo", 1), ("mo", 1)):
        ballot = await stage.press(who, "Vote")
        assert "bo" not in ballot.lower().split(), ballot
        for number in range(1, entries + 1):
            expect(f"You approve of number {number} on page 1.", await stage.press(who, str(number)))
    await stage.pass_by(minutes=61)
    expect("Winners", await stage.read())  # both have all approvals
    expect("Autumn light", await stage.type("ana", "hall"))


async def play_mural(stage: Stage) -> None:
    await stage.type("ana", "mural", theme="an island", size="2x2")
    await stage.paint()
    await stage.press("ana", "Choose mine")
    expect("It is cell A1 now.", await stage.press("ana", "2"))
    for who, cell in (("bo", "B1"), ("mo", "A2")):
        painting = await stage.fill(who, "Paint a cell", part=f"Cell {cell}", words=f"a beach of {who}")
        expect(f"Cell {cell} is yours", painting)
        await stage.paint()
        await stage.press(who, "Choose mine")
        expect(f"It is cell {cell} now.", await stage.press(who, "1"))
    expect(
        "as many as one person may", await stage.fill("bo", "Paint a cell", part="Cell B2", words="a bird")
    )
    assert await stage.alt_texts() == ["The mural: 3 of 4 cells are painted. Open are B2."]
    expect("Cell A2 is free again.", await stage.press("mo", "Undo mine"))

    await stage.press("ana", "Manage")
    await stage.press("ana", "End")
    expect("It has ended.", await stage.read())
    expect("The story of the mural", await stage.press("bo", "Story"))


JOURNEYS: Mapping[str, Callable[[Stage], Awaitable[None]]] = {
    "evolution": play_evolution,
    "telephone": play_telephone,
    "contest": play_contest,
    "mural": play_mural,
}
