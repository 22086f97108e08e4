"""Make a release: `python scripts/release.py 0.2.0`.

Sets the version in pyproject.toml, turns the changelog's `Unreleased` section into that version's, commits both, tags
the commit and prints the release notes. `--notes 0.2.0` only prints the notes of a version that exists.
"""

import argparse
import datetime
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UNRELEASED = "## [Unreleased]"


class ReleaseError(Exception):
    """The release cannot be made; the text says what to do."""


def release_notes(changelog: str, version: str) -> str:
    """The section of one version, without its heading. Raises `ReleaseError` when there is none."""
    found = re.search(rf"^## \[{re.escape(version)}\].*?\n(.*?)(?=^## \[|\Z)", changelog, re.M | re.S)
    if found is None:
        raise ReleaseError(f"CHANGELOG.md has no section for {version}.")
    return found.group(1).strip() + "\n"


def close_unreleased(changelog: str, version: str, day: datetime.date) -> str:
    """The changelog with its `Unreleased` section under `version`, and an empty one above it."""
    if not release_notes(changelog, "Unreleased").strip():
        raise ReleaseError("Nothing is listed under Unreleased in CHANGELOG.md.")
    if f"## [{version}]" in changelog:
        raise ReleaseError(f"CHANGELOG.md already has a section for {version}.")
    return changelog.replace(UNRELEASED, f"{UNRELEASED}\n\n## [{version}] - {day:%Y-%m-%d}", 1)


def set_version(pyproject: str, version: str) -> str:
    """Raises `ReleaseError` for a version that is not like 1.2.3 or not newer than the present one."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise ReleaseError(f"{version} is not a version; it must look like 1.2.3.")
    present = re.search(r'^version = "(\d+\.\d+\.\d+)"$', pyproject, re.M)
    if present is None:
        raise ReleaseError("pyproject.toml names no version.")
    if _numbers(version) <= _numbers(present.group(1)):
        raise ReleaseError(f"{version} is not newer than {present.group(1)}.")
    return pyproject.replace(present.group(0), f'version = "{version}"', 1)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def release(root: Path, version: str, day: datetime.date) -> str:
    """Write, commit and tag; the release notes. Needs a clean working tree."""
    if _git(root, "status", "--porcelain"):
        raise ReleaseError("The working tree has changes: commit or stash them first.")
    pyproject, changelog = root / "pyproject.toml", root / "CHANGELOG.md"
    new_pyproject = set_version(pyproject.read_text(), version)
    new_changelog = close_unreleased(changelog.read_text(), version, day)
    pyproject.write_text(new_pyproject)
    changelog.write_text(new_changelog)
    _git(root, "commit", "-q", "-m", f"release: version {version}", "pyproject.toml", "CHANGELOG.md")
    _git(root, "tag", "-a", f"v{version}", "-m", f"Version {version}")
    return release_notes(new_changelog, version)


def _git(root: Path, *arguments: str) -> str:
    run = subprocess.run(["git", *arguments], cwd=root, check=False, capture_output=True, text=True)
    if run.returncode:
        raise ReleaseError(f"git {arguments[0]} failed: {run.stderr.strip()}")
    return run.stdout


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("version", help="the new version, like 0.2.0")
    parser.add_argument("--notes", action="store_true", help="only print the notes of an existing version")
    asked = parser.parse_args()
    try:
        if asked.notes:
            print(release_notes((ROOT / "CHANGELOG.md").read_text(), asked.version), end="")
        else:
            today = datetime.datetime.now(tz=datetime.UTC).date()
            print(release(ROOT, asked.version, today), end="")
            print(f"\nPublish it: git push origin main v{asked.version}", file=sys.stderr)
    except ReleaseError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
