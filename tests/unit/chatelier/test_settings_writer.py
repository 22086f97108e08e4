"""Settings that a command writes into chatelier.toml."""

import tomllib
from pathlib import Path

import pytest

from chatelier.settings.writer import write_settings
from studio.errors import ConfigurationError


def test_a_new_file_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "home" / "chatelier.toml"
    write_settings(path, "discord", {"token": "a"})
    assert tomllib.loads(path.read_text()) == {"discord": {"token": "a"}}
    assert path.stat().st_mode & 0o077 == 0
    assert [file.name for file in path.parent.iterdir()] == ["chatelier.toml"]


def test_comments_and_other_settings_stay(tmp_path: Path) -> None:
    path = tmp_path / "chatelier.toml"
    path.write_text(
        '# ours\nmodel = "thimble"\n\n[discord]  # the bot\ntoken = "old"\nshard_count = 2\n\n[web]\nport = 1\n'
    )
    write_settings(path, "discord", {"token": "new"})
    text = path.read_text()
    assert "# ours" in text
    assert "[discord]  # the bot" in text
    assert tomllib.loads(text) == {
        "model": "thimble",
        "discord": {"token": "new", "shard_count": 2},
        "web": {"port": 1},
    }


@pytest.mark.parametrize("text", ["[discord\n", 'discord = "x"\n', "\udc80"])
def test_a_file_that_cannot_be_read_is_named_and_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "chatelier.toml"
    path.write_bytes(text.encode(errors="surrogateescape"))
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match=r"chatelier\.toml"):
        write_settings(path, "discord", {"token": "new"})
    assert path.read_bytes() == before
