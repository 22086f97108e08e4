"""`chatelier policy …` as an administrator types it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from chatelier.cli.main import carry_out
from moderation.cli.evaluation import ConfusionCounts, LabelledRow, evaluate, read_rows, replay
from moderation.cli.policy_commands import audit_app, policy_app
from moderation.policy.policy import default_policy
from studio.clock import now
from studio.db.database import Database
from studio.db.identities.people import lock_person
from studio.db.tables import JobRow
from studio.domain.people import Address, Person, Platform
from studio.domain.requests import Operation, PaintRequest
from studio.domain.verdicts import ALLOWED, Ruling, Verdict
from studio.errors import BadParameterError
from studio.serialization import to_data
from tests.support.fakes import open_empty
from tests.support.sentences import raises

RUN = CliRunner()
ADA = Person(platform=Platform.WEB, community="room", user_id="ada", display_name="Ada")


@pytest.fixture
def words(tmp_path: Path) -> Path:
    path = tmp_path / "words.txt"
    path.write_text("spoiler\n", "utf-8")
    return path


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_empty(f"sqlite:///{tmp_path / 'studio.sqlite3'}")
    yield database
    database.close()


def keep_job(database: Database, job_id: str, prompt: str) -> None:
    address = Address(platform=Platform.WEB, community="room", channel="room")
    with database.begin() as session:
        lock_person(session, ADA)
        session.add(
            JobRow(
                id=job_id,
                request_key=job_id,
                command="imagine",
                request=to_data(PaintRequest(operation=Operation.IMAGINE, seed=1, prompt=prompt)),
                person_key=ADA.key,
                person=to_data(ADA),
                address=to_data(address),
                platform="web",
                community="room",
                state="done",
                priority=0,
                cost=1,
                created_at=now(),
            )
        )


def test_check_shows_a_good_policy_with_its_version(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('[categories.violence]\naction = "hold"\n', "utf-8")
    answer = RUN.invoke(policy_app, ["check", str(path)])
    assert answer.exit_code == 0
    assert "violence" in answer.output
    assert default_policy().version not in answer.output


def test_check_names_every_mistake_and_fails(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('speed = 1\n[categories.minors]\naction = "allow"\n', "utf-8")
    answer = RUN.invoke(policy_app, ["check", str(path)])
    assert answer.exit_code == 1
    assert "speed" in answer.output
    assert "always refused" in answer.output
    assert "Traceback" not in answer.output


def test_test_shows_what_each_rule_says(words: Path) -> None:
    answer = RUN.invoke(policy_app, ["test", "a $poiler on the table", "--words", str(words)])
    assert answer.exit_code == 0
    for part in ("minors", "listed_words", "meaning", "community_words", "verdict: refuse"):
        assert part in answer.output


def test_a_harmless_prompt_is_shown_as_allowed_by_every_rule() -> None:
    answer = RUN.invoke(policy_app, ["test", "a red apple on a table"])
    assert "verdict: allow" in answer.output
    assert "refuse" not in answer.output


@pytest.mark.parametrize(
    ("action", "says"),
    [
        ('action = "hold"\nthreshold = 0.5', ["political", "0.40", "0.50", "allow"]),
        ('action = "hold"\nthreshold = 0.3', ["political", "0.40", "0.30", "hold"]),
        ('action = "refuse"\nthreshold = 0.9\nhold_threshold = 0.3', ["political", "0.40", "0.30", "hold"]),
        ('action = "allow"', ["political", "0.40", "never", "allow"]),
    ],
)
def test_test_shows_the_score_from_where_it_counts_and_what_comes_of_it(
    tmp_path: Path, action: str, says: list[str]
) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(f"[categories.political]\n{action}\n", "utf-8")
    answer = RUN.invoke(policy_app, ["test", "the election", "--policy", str(path)])
    (line,) = [line for line in answer.output.splitlines() if line.startswith("│ political")]
    cells = [cell.strip() for cell in line.split("│")[1:-1]]
    assert [cells[0], *cells[2:5]] == says


def test_a_list_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    for option in ("--words", "--names"):
        answer = RUN.invoke(policy_app, ["test", "a red apple", option, str(tmp_path / "nowhere")])
        assert answer.exit_code == 1
        assert "nowhere" in answer.output.replace("\n", "")
        assert "Traceback" not in answer.output


def test_an_export_that_cannot_be_made_spoils_no_former_one(tmp_path: Path) -> None:
    former = tmp_path / "audit.csv"
    former.write_text("kept\n", "utf-8")
    url = f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    answer = RUN.invoke(audit_app, ["export", str(former), "--database", url])
    assert answer.exit_code == 1
    assert former.read_text("utf-8") == "kept\n"


@pytest.mark.parametrize("command", [["look", "/nowhere/a.png"], ["eval", "/nowhere/rows.jsonl"]])
def test_a_file_that_is_not_there_is_named(command: list[str]) -> None:
    result = RUN.invoke(policy_app, command)
    assert result.exit_code == 1
    assert f"{command[1]} cannot be used (No such file or directory). Name another" in result.output


def test_eval_measures_rows_and_shows_none(tmp_path: Path, words: Path) -> None:
    rows = [
        {"text": "a spoiler", "label": "unsafe", "category": "community", "source": "ours"},
        {"text": "a red apple on a table", "label": "benign", "source": "ours"},
        {"text": "a blue cup on a table", "label": "benign", "source": "ours"},
    ]
    data, figures = tmp_path / "rows.jsonl", tmp_path / "figures.json"
    data.write_text("\n".join(map(json.dumps, rows)) + "\n", "utf-8")
    answer = RUN.invoke(policy_app, ["eval", str(data), "--words", str(words), "--json", str(figures)])
    assert answer.exit_code == 0
    assert "apple" not in answer.output
    found = {
        line["label"]: (line["rows"], line["flagged_percent"])
        for line in json.loads(figures.read_text("utf-8"))
    }
    assert found == {"unsafe": (1, 100.0), "benign": (2, 0.0)}


@pytest.mark.parametrize(
    "line", ["not json", "[]", '{"text": 1, "label": "unsafe"}', '{"text": "a", "label": "bad"}']
)
def test_eval_says_which_line_is_wrong(tmp_path: Path, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "rows.jsonl"
    data.write_text('{"text": "a", "label": "benign"}\n' + line + "\n", "utf-8")
    with raises(BadParameterError, match="Line 2"):
        list(read_rows(data))
    assert carry_out(["policy", "eval", str(data)]) == 1
    assert "Line 2" in capsys.readouterr().err


def test_held_and_refused_are_counted_apart() -> None:
    rulings = {"a": Ruling.HOLD, "b": Ruling.REFUSE, "c": Ruling.ALLOW, "d": Ruling.ALLOW}
    rows = [LabelledRow(text=text, label="benign", category="", source="") for text in rulings]
    tally = evaluate(rows, lambda subject: Verdict(ruling=rulings[subject.prompt]))
    assert tally == [ConfusionCounts(source="", label="benign", category="", rows=4, held=1, refused=1)]
    assert tally[0].flagged_percent == 50.0


def test_replay_names_the_jobs_that_another_policy_would_have_judged_otherwise(database: Database) -> None:
    keep_job(database, "k3v9m2p4qx7a", "a storm")
    keep_job(database, "k3v9m2p4qx7b", "a calm")
    refusal = Verdict(ruling=Ruling.REFUSE, rule="weather", category="violence")
    count, changes = replay(
        database,
        last=10,
        before=lambda _: ALLOWED,
        after=lambda request: refusal if "storm" in request.prompt else ALLOWED,
    )
    assert count == 2
    assert [change.job_id for change in changes] == ["k3v9m2p4qx7a"]


def test_replay_prints_ids_and_never_prompts(database: Database, tmp_path: Path) -> None:
    keep_job(database, "k3v9m2p4qx7a", "punainen omena pöydällä ikkunan edessä")
    policy = tmp_path / "policy.toml"
    policy.write_text('other_languages = "allow"\n', "utf-8")
    url = database.url.render_as_string(hide_password=False)
    answer = RUN.invoke(policy_app, ["replay", "--policy", str(policy), "--database", url])
    assert answer.exit_code == 0, answer.output
    assert "k3v9m2p4qx7a" in answer.output
    assert "1 of 1" in answer.output
    assert "omena" not in answer.output


def test_an_operator_sees_what_each_rule_sees_in_a_picture(tmp_path: Path) -> None:
    Image.linear_gradient("L").save(tmp_path / "grey.png")
    shown = RUN.invoke(policy_app, ["look", str(tmp_path / "grey.png"), "--upload"])
    assert shown.exit_code == 0, shown.output
    for rule in ("nudity", "faces", "blocked"):
        assert rule in shown.output
    (tmp_path / "words.txt").write_text("no picture", "utf-8")
    refused = RUN.invoke(policy_app, ["look", str(tmp_path / "words.txt")])
    assert refused.exit_code == 1
    assert "cannot identify" in refused.output
