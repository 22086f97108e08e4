"""Asks the package index whether everything in requirements.lock, and torch, has a wheel wherever Chatelier runs.

    .venv/bin/python scripts/check_wheels.py [--python 3.13] [--platform linux-arm]

It uses pip, installs nothing, needs the network and takes ten minutes. Exit status 1: something would have to be
compiled, and is named.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement

REPOSITORY = Path(__file__).resolve().parent.parent
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
# Tags from the newest that supported systems have (glibc 2.28: Debian 10, RHEL 8; macOS 14) down to the oldest.
PLATFORMS = {
    "linux-x86": [
        f"manylinux{age}_x86_64" for age in ("_2_28", "_2_27", "_2_24", "_2_17", "2014", "2010", "1")
    ],
    "linux-arm": [f"manylinux{age}_aarch64" for age in ("_2_28", "_2_27", "_2_26", "_2_24", "_2_17", "2014")],
    "mac-arm": [
        f"macosx_{version}_0_{kind}" for version in (14, 13, 12, 11) for kind in ("arm64", "universal2")
    ],
    "mac-x86": [
        f"macosx_{version}_{kind}"
        for version in ("14_0", "13_0", "12_0", "11_0", "10_15", "10_14", "10_13", "10_12", "10_9")
        for kind in ("x86_64", "universal2")
    ],
}
# PyTorch has built nothing for Macs with Intel processors since version 2.2: asked for by name only.
SUPPORTED = ("linux-x86", "linux-arm", "mac-arm")
# pip says the second where a constraint of its own forbids older versions.
MISSING = re.compile(
    r"(?:No matching distribution found for|Cannot install) ([\w.\-]+?)(?:==| |$)", re.MULTILINE
)


def read_pins() -> list[Requirement]:
    text = (REPOSITORY / "requirements.lock").read_text()
    lines = re.findall(r"^[a-z0-9][^#\\\n]*", text, re.MULTILINE)
    torch = re.search(r"^TORCH\s*:= (\S+)$", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
    assert torch is not None  # noqa: S101
    return [Requirement(line.strip()) for line in lines] + [Requirement(f"torch=={torch[1]}")]


def environment(python: str, platform: str) -> dict[str, str]:
    """What the markers in the lock are evaluated against."""
    on_mac = platform.startswith("mac")
    return {
        "implementation_name": "cpython",
        "platform_machine": {
            "linux-x86": "x86_64",
            "linux-arm": "aarch64",
            "mac-arm": "arm64",
            "mac-x86": "x86_64",
        }[platform],
        "platform_python_implementation": "CPython",
        "platform_system": "Darwin" if on_mac else "Linux",
        "python_full_version": f"{python}.5",
        "python_version": python,
        "sys_platform": "darwin" if on_mac else "linux",
    }


def without_wheel(requirements: list[Requirement], python: str, platform: str) -> Iterator[str]:
    """The packages that have none, one by one: pip stops at the first that it misses."""
    there = environment(python, platform)
    wanted = {
        requirement.name: f"{requirement.name}{requirement.specifier}"
        for requirement in requirements
        if requirement.marker is None or requirement.marker.evaluate(there)
    }
    while missing := _first_missing(list(wanted.values()), python, platform):
        yield wanted.pop(missing)


def _first_missing(lines: list[str], python: str, platform: str) -> str | None:
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-deps", "-qq"]
    # The lock was resolved for every Python; this pip would compare with the one that runs it.
    command += ["--ignore-requires-python", "--only-binary=:all:"]
    command += ["--implementation=cp", f"--python-version={python}"]
    command += [f"--platform={tag}" for tag in PLATFORMS[platform]]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "wanted.txt").write_text("\n".join(lines))
        command += [f"--target={folder}/nothing", f"--requirement={folder}/wanted.txt"]
        answer = subprocess.run(command, check=False, capture_output=True, text=True)
    if answer.returncode == 0:
        return None
    if found := MISSING.search(answer.stderr):
        return found[1]
    sys.exit(answer.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--python", choices=PYTHONS, action="append")
    parser.add_argument("--platform", choices=PLATFORMS, action="append")
    chosen = parser.parse_args()
    requirements, complete = read_pins(), True
    for platform in chosen.platform or SUPPORTED:
        for python in chosen.python or PYTHONS:
            missing = list(without_wheel(requirements, python, platform))
            complete = complete and not missing
            print(f"{platform} {python}: {', '.join(missing) or 'everything has a wheel'}", flush=True)
    sys.exit(not complete)


if __name__ == "__main__":
    main()
