"""Lists of PDQ hashes: imported from CSV, listed, and taken out again."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from moderation.cli.policy_commands import policy_app
from moderation.vision.hash_lists import HashKind, hashes_in_csv, read_list
from studio.errors import ChatelierError
from tests.support.sentences import error_text

ONE, TWO, THREE = (digit * 64 for digit in "abc")


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    return tmp_path / "blocked.txt"


def run(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(policy_app, ["hashes", *map(str, arguments)])
    assert result.exit_code == code, result.output
    if isinstance(result.exception, ChatelierError):  # left to the `chatelier` script
        return error_text(result.exception)
    return result.output


def table(folder: Path, text: str) -> Path:
    path = folder / "exchange.csv"
    path.write_text(text, "utf-8")
    return path


def bits(*digits: str) -> list[int]:
    return [int(digit, 16) for digit in digits]


def test_a_threatexchange_table_is_taken_in_without_its_other_hashes(tmp_path: Path, listed: Path) -> None:
    file = table(
        tmp_path,
        f"id,indicator,type\n1,{ONE},HASH_PDQ\n2,{TWO},HASH_SHA256\n3,{THREE.upper()},pdq\n4,x,HASH_PDQ\n",
    )
    assert "3 added, 0 known already, 1 left out" in run("import", file, "--list", listed)
    assert list(read_list(listed.read_text("utf-8"))) == [
        (HashKind.PDQ, int(ONE, 16)),
        (HashKind.SHA256, int(TWO, 16)),
        (HashKind.PDQ, int(THREE, 16)),
    ]


def test_what_is_imported_again_is_known(tmp_path: Path, listed: Path) -> None:
    file = table(tmp_path, f"pdq,quality\n{ONE},99\n{TWO},49\n{THREE},50\n")
    run("import", file, "--list", listed)
    assert "0 added, 2 known already, 1 left out" in run("import", file, "--list", listed)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{ONE}\n{TWO}\n", [ONE, TWO]),
        (f"pdq_hash,quality\n{ONE},\n{TWO},many\n", [ONE]),
        (f"\ufeffPDQ\r\n{ONE}\r\n", [ONE]),
        (f"signal_type,signal_str\npdq,{ONE}\nvideo_md5,{TWO}\n", [ONE]),
    ],
    ids=["bare", "quality", "byte-order-mark", "signals"],
)
def test_several_ways_to_write_a_table_are_understood(tmp_path: Path, text: str, expected: list[str]) -> None:
    found = [value.bits for value in hashes_in_csv(table(tmp_path, text)) if value is not None]
    assert found == bits(*expected)


def test_hashes_of_whole_files_are_taken_in_with_their_kind(tmp_path: Path, listed: Path) -> None:
    md5, sha1 = "d" * 32, "e" * 40
    file = table(tmp_path, f"name,md5,sha1,sha256\nx,{md5},{sha1},{ONE}\ny,{'f' * 32},,\nz,short,,\n")
    assert "4 added, 0 known already, 1 left out" in run("import", file, "--list", listed)
    assert [entry.kind for entry in read_list(listed.read_text("utf-8")).values()] == [
        *(HashKind.MD5, HashKind.SHA1, HashKind.SHA256),
        HashKind.MD5,
    ]
    with pytest.raises(ValueError, match="line 1"):
        read_list(f"md5:{ONE}")


@pytest.mark.parametrize("text", ["", f"hash\n{ONE}\n", f"photodna,size\n{ONE},4\n"])
def test_hashes_of_an_unknown_kind_are_not_taken_for_pdq(tmp_path: Path, listed: Path, text: str) -> None:
    assert "PDQ" in run("import", table(tmp_path, text), "--list", listed, code=1)
    assert not listed.exists()


def test_a_file_that_is_no_text_is_refused_in_a_sentence(tmp_path: Path, listed: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"pdq\n\xff\xfe\n")
    assert "cannot be read" in run("import", tmp_path / "x.csv", "--list", listed, code=1)
    assert "No such file" in run("import", tmp_path / "absent.csv", "--list", listed, code=1)


def test_the_list_is_shown_and_a_hash_taken_out_by_its_beginning(listed: Path) -> None:
    listed.write_text(f"{ONE}  # reported in May\n{TWO}\n", "utf-8")
    assert "reported in May" in run("list", "--list", listed)
    run("remove", ONE[:12], "--list", listed)
    assert [entry.bits for entry in read_list(listed.read_text("utf-8")).values()] == bits(TWO)
    run("remove", ONE[:12], "--list", listed, code=1)
    assert "eight" in run("remove", "bbb", "--list", listed, code=1)
