"""`chatelier privacy` prints what the settings say."""

import pytest

from chatelier.cli import main


@pytest.fixture
def run(tmp_path, monkeypatch, capsys, restored_logging):
    monkeypatch.setenv("CHATELIER_HOME", str(tmp_path / "home"))

    def run(**environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        status = main.carry_out(["privacy"])
        output = capsys.readouterr()
        return status, output.out, output.err

    return run


def test_the_notice_names_who_runs_the_instance_and_how_long_things_are_kept(run):
    status, out, err = run(
        CHATELIER_OPERATOR__NAME="The Example Club",
        CHATELIER_OPERATOR__CONTACT="club@example.org",
        CHATELIER_MODERATION__KEEP_DAYS="30",
        CHATELIER_MODERATION__SAFETY_URL="https://safety.example.org",
    )
    assert (status, err) == (0, "")
    assert out.startswith("# Privacy and terms\n")
    for stated in (
        "The Example Club runs",
        "club@example.org",
        "after 30 days",
        "by a server that the operator chose",
    ):
        assert stated in out
    assert "train a model" in out
    assert "invite word" not in out


def test_without_a_contact_it_warns(run):
    status, out, err = run()
    assert status == 0
    assert "CHATELIER_OPERATOR__CONTACT" in err
    assert "{" not in out
