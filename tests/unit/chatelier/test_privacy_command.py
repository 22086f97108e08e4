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


def test_the_notice_follows_the_settings_that_keep_longer_or_send_elsewhere(run, tmp_path):
    _, plain, _ = run()
    assert "until you delete them" in plain
    assert "server" not in plain
    assert "workspace" not in plain
    models = tmp_path / "home" / "models.toml"
    models.parent.mkdir(exist_ok=True)
    models.write_text(
        '[far]\nsource = "https://paint.example.org/v1"\nfamily = "images-api"\nwidth = 1024\nheight = 1024\n',
        "utf-8",
    )
    _, out, _ = run(
        CHATELIER_RETENTION__PICTURES_DAYS="45",
        CHATELIER_RETENTION__JOBS_DAYS="46",
        CHATELIER_RETENTION__NOTICES_DAYS="47",
        CHATELIER_RETENTION__LEDGER_DAYS="48",
        CHATELIER_RETENTION__UPLOADS_DAYS="49",
        CHATELIER_HELPER__URL="https://helper.example.org/v1",
        CHATELIER_HELPER__MODEL="chat",
        CHATELIER_CAPTIONS__URL="https://captions.example.org/v1",
        CHATELIER_CAPTIONS__MODEL="sees",
        CHATELIER_PROVENANCE__TIMESTAMP_URL="https://stamps.example.org",
        CHATELIER_MAIL__HOST="mail.example.org",
        CHATELIER_MAIL__SENDER="bot@example.org",
        CHATELIER_SLACK__BOT_TOKEN="xoxb-1",
        CHATELIER_SLACK__APP_TOKEN="xapp-1",
        CHATELIER_SLACK__ERASE_AFTER_DAYS="20",
    )
    assert "stay until you delete them" not in out
    for stated in (
        "deleted after 45 days",
        "deleted 46 days after they ended",
        "forgotten 47 days after",
        "one sum 48 days after",
        "deleted 49 days after the last request",
        "erased after 20 days",
        "a language model on a server",
        "which describes them",
        "paint on servers",
        "time-stamp server",
        "mail server",
        "after 90 days",
    ):
        assert stated in out


def test_without_a_contact_it_warns(run):
    status, out, err = run()
    assert status == 0
    assert "CHATELIER_OPERATOR__CONTACT" in err
    assert "{" not in out
