"""The architecture, held by tests: who imports whom, how large a room grows, what the documents promise."""

import ast
import gc
import graphlib
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGES = ("studio", "bots", "engine", "moderation", "chatelier")
TOO_LONG_LINES = 300
MOST_MODULES = 12  # in a folder
FULLER_FOLDERS = {"chatelier/migrations/versions"}  # a migration for each change
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base", "core"}
ACCELERATOR_ROOMS = (
    "engine/adapters/",
    "engine/batching/",
    "engine/benchmarks/baselines",
    "engine/layout_prior/",
    "engine/training/",
)
ACCELERATOR_LIBRARIES = {"accelerate", "diffusers", "spandrel", "torch", "transformers"}
# Alembic runs these as files; they are package data.
SCRIPTS_OF_ALEMBIC = {"chatelier/migrations", "chatelier/migrations/versions"}
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")


def modules(repository: Path) -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((repository / package).rglob("*.py"))


def documents(repository: Path) -> Iterator[Path]:
    for name in DOCUMENTS:
        yield repository / name
    yield from sorted((repository / "docs").rglob("*.md"))


@pytest.fixture(scope="module", autouse=True)
def uncollected() -> Iterator[None]:
    """The syntax trees of all modules stay for the next test: the garbage collector would look at them in vain."""
    gc.disable()
    yield
    parse.cache_clear()
    gc.enable()


# ---- words


FORMER_NAMES = (
    *(
        "annex",
        "backroom",
        "composure",
        "courier",
        "darkroom",
        "doorkeeper",
        "dossier",
        "exhibit",
        "glovebox",
    ),
    *("hangings", "house-?keeper", "leash", "lodging", "onlooker", "premises", "promptcourt", "retake"),
    *("shredder", "showcase", "teller", "underdraw(?:ing)?"),
)
FORMER_NAME = re.compile(rf"(?<![a-z])(?:{'|'.join(FORMER_NAMES)})(?:s|es|ed)?(?![a-z])", re.IGNORECASE)
SUFFIXES_OF_TEXT = {".py", ".md", ".html", ".js", ".css", ".sh", ".yml", ".yaml", ".ini"}
WITH_FORMER_NAMES = (
    "tests/test_architecture.py",
    # The history of the project and of its tables.
    *(
        "CHANGELOG.md",
        "chatelier/migrations/versions/",
        "tests/services/chatelier/test_migrations.py",
    ),
    "docs/translating.md",  # has words of other languages
    # Words of pictures, and names of bundled weights.
    *("engine/models/", "engine/training/", "moderation/training/"),
)


def test_no_former_name_of_a_part_comes_back(repository: Path) -> None:
    """Code, logs and documents use the terms of `docs/glossary.md`."""
    folders = (*PACKAGES, "docs", "scripts", "tests")
    files = [
        *repository.glob("*.*"),
        *(path for folder in folders for path in (repository / folder).rglob("*.*")),
    ]
    names = [path.relative_to(repository).as_posix() for path in files if path.suffix in SUFFIXES_OF_TEXT]
    found = [
        f"{name}: {match[0]}"
        for name in sorted(names)
        if not name.startswith(WITH_FORMER_NAMES)
        for match in FORMER_NAME.finditer((repository / name).read_text())
    ]
    assert found == []


FORMER_VARIABLES = {"each", "kept", "said", "some", "told"}


def test_variables_are_named_by_what_they_hold(repository: Path) -> None:
    found = [
        f"{path.relative_to(repository)}:{line}: {name}"
        for folder in (*PACKAGES, "scripts", "tests")
        for path in sorted((repository / folder).rglob("*.py"))
        for name, line in variables(parse(path) if folder in PACKAGES else ast.parse(path.read_text()))
        if name in FORMER_VARIABLES
    ]
    assert found == []


def variables(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Parameters and local names, with their lines; the fields of a class may be stored under their names."""
    fields = {id(node.target) for node in ast.walk(tree) if isinstance(node, ast.AnnAssign) and node.simple}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and id(node) not in fields:
            yield node.id, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.MatchAs | ast.MatchStar) and node.name:
            yield node.name, node.lineno


PARTICIPLES = re.compile(
    r"_*(?:[a-z]+ed|made|kept|told|said|shown|seen|taken|given|drawn|written|hidden|known|begun|hung|spoken)"
)
NO_PARTICIPLES = {"embed", "feed", "need", "seed", "speed"}
VERBS_WITHOUT_MEANING = re.compile(r"_*(?:lay|hang|bring|tend|stir|keep|tell|say|touch|pin|calm)(?:_\w+)?")
# How answers are coded and worded, used in every command.
FREQUENT = {"coded", "say", "say_stored"}


def test_functions_are_named_by_what_they_do(repository: Path) -> None:
    """A property is an attribute to its readers, and may be a participle: `sample.finished`."""
    found = [
        f"{path.relative_to(repository)}:{node.lineno}: {node.name}"
        for path in modules(repository)
        for node in ast.walk(parse(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name not in FREQUENT
        and not any("property" in ast.unparse(decorator) for decorator in node.decorator_list)
        and (VERBS_WITHOUT_MEANING.fullmatch(node.name) or is_participle(node.name))
    ]
    assert found == []


def is_participle(name: str) -> bool:
    return bool(PARTICIPLES.fullmatch(name)) and name.strip("_") not in NO_PARTICIPLES


# ---- imports


def test_the_contracts_between_the_packages_hold(repository: Path) -> None:
    lint = Path(sys.executable).parent / "lint-imports"
    result = subprocess.run([lint, "--no-logo", "--no-cache"], cwd=repository, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


@cache
def parse(module: Path) -> ast.Module:
    return ast.parse(module.read_text())


@cache
def dependencies(repository: Path) -> dict[str, set[str]]:
    """Which module of ours imports which, also for type checkers only and inside of functions."""
    names = {}
    for path in modules(repository):
        dotted = path.relative_to(repository).with_suffix("").as_posix().replace("/", ".")
        names[dotted.removesuffix(".__init__")] = path
    found: dict[str, set[str]] = {name: set() for name in names}
    for name, path in names.items():
        for node in ast.walk(parse(path)):
            if isinstance(node, ast.Import):
                found[name] |= {alias.name for alias in node.names} & names.keys()
            elif isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    inner = f"{node.module}.{alias.name}"
                    found[name] |= {inner if inner in names else node.module} & names.keys()
    return found


def test_no_imports_go_in_a_circle(repository: Path) -> None:
    graphlib.TopologicalSorter(dependencies(repository)).prepare()  # raises CycleError with the modules


def siblings(imports: dict[str, set[str]], package: str) -> dict[str, set[str]]:
    """Which module or folder of a package imports which other one, each with all that is inside of it."""
    found: dict[str, set[str]] = {}
    for name, imported in imports.items():
        if not name.startswith(f"{package}."):
            continue
        child = name.removeprefix(f"{package}.").partition(".")[0]
        others = {
            other.removeprefix(f"{package}.").partition(".")[0]
            for other in imported
            if other.startswith(f"{package}.")
        }
        found.setdefault(child, set()).update(others - {child})
    return found


def test_no_folders_import_each_other_in_a_circle(repository: Path) -> None:
    imports = dependencies(repository)
    packages = {name.rpartition(".")[0] for name in imports} - {""}
    for package in sorted(packages):
        graphlib.TopologicalSorter(siblings(imports, package)).prepare()  # raises CycleError with the names


@cache
def imported_names(module: Path) -> tuple[str, ...]:
    """What the module imports when it runs; names for type checkers cost nothing."""
    return tuple(_find_imported_names(module))


def _find_imported_names(module: Path) -> Iterator[str]:
    tree = parse(module)
    for_types = [
        node for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
    ]
    unseen = {inner for node in for_types for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if node in unseen:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module is not None:
            yield node.module


def test_accelerator_libraries_are_imported_in_their_packages_only(repository: Path) -> None:
    strays = [
        f"{path.relative_to(repository)} imports {name}"
        for path in modules(repository)
        if not path.relative_to(repository).as_posix().startswith(ACCELERATOR_ROOMS)
        for name in imported_names(path)
        if name.split(".")[0] in ACCELERATOR_LIBRARIES
    ]
    assert strays == []


def left_out_of_the_frontends(repository: Path) -> set[str]:
    """The names under which the packages that the front ends' image lacks would be imported."""
    lines = (repository / "docker" / "frontends.overrides").read_text().splitlines()
    return {line.split(";")[0].strip().replace("-", "_") for line in lines if not line.startswith("#")}


@pytest.mark.parametrize(
    "module",
    [
        "studio.commands",
        "studio.db",
        "bots.web",
        "moderation",
        "engine.queue.celery_queue",
        "chatelier.cli.main",
    ],
)
def test_what_answers_people_starts_without_torch(module: str, repository: Path) -> None:
    # -X importtime names every module that is loaded, also those that are loaded and thrown away.
    result = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", f"import {module}"],
        cwd=repository,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in result.stderr.splitlines()}
    assert module.split(".")[0] in loaded
    absent = left_out_of_the_frontends(repository)
    assert absent >= ACCELERATOR_LIBRARIES
    assert loaded & absent == set()


# ---- rooms


def test_no_module_is_too_long(repository: Path) -> None:
    lengths = {str(path): path.read_text().count("\n") for path in modules(repository)}
    assert lengths
    assert {name: lines for name, lines in lengths.items() if lines > TOO_LONG_LINES} == {}


def test_no_folder_holds_more_modules_than_a_reader_can_survey(repository: Path) -> None:
    folders = Counter(path.parent for path in modules(repository) if path.name != "__init__.py")
    full = {
        folder.relative_to(repository).as_posix()
        for folder, number in folders.items()
        if number > MOST_MODULES
    }
    assert full - FULLER_FOLDERS == set()


def test_modules_are_named_after_what_they_hold(repository: Path) -> None:
    names = {path: {path.stem, *path.relative_to(repository).parent.parts} for path in modules(repository)}
    assert [str(path) for path, parts in names.items() if parts & FORBIDDEN_NAMES] == []


MOST_PARAMETERS = 6
# Whose parts cannot be separated.
WITH_MORE_PARAMETERS = {"engine/batching/execution/step_batcher.py: __init__"}


def test_no_function_takes_more_parameters_than_a_caller_can_survey(repository: Path) -> None:
    found = {
        f"{path.relative_to(repository).as_posix()}: {node.name}"
        for path in modules(repository)
        for node in ast.walk(parse(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not is_terminal_command(node)
        and len(parameters(node)) > MOST_PARAMETERS
    }
    assert found - WITH_MORE_PARAMETERS == set()


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """Without the object itself, and without those that take any number of values."""
    named = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return [argument.arg for argument in named if argument.arg not in ("self", "cls")]


def is_terminal_command(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """A command of typer, whose parameters are its options."""
    source = ast.unparse(function.args)
    return "typer.Option" in source or any("command" in ast.unparse(d) for d in function.decorator_list)


def test_every_folder_with_modules_is_a_package(repository: Path) -> None:
    folders = {path.parent for path in modules(repository)}
    bare = {folder for folder in folders if not (folder / "__init__.py").exists()}
    assert {folder.relative_to(repository).as_posix() for folder in bare} <= SCRIPTS_OF_ALEMBIC


def test_no_package_is_left_out_of_the_wheel(repository: Path) -> None:
    import tomllib

    from setuptools import find_packages

    settings = tomllib.loads((repository / "pyproject.toml").read_text())["tool"]["setuptools"]
    found = find_packages(str(repository), include=settings["packages"]["find"]["include"])
    here = {path.parent.relative_to(repository).as_posix() for path in modules(repository)}
    assert here - {name.replace(".", "/") for name in found} <= SCRIPTS_OF_ALEMBIC


def test_tests_are_no_packages(repository: Path) -> None:
    assert list((repository / "tests").rglob("__init__.py")) == []


# ---- documents


def test_links_in_the_documents_lead_to_files(repository: Path) -> None:
    broken = []
    for document in documents(repository):
        for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
            path = target.split("#")[0]
            if path and "://" not in path and not (document.parent / path).exists():
                broken.append(f"{document.relative_to(repository)} → {target}")
    assert broken == []


def anchors(page: Path) -> set[str]:
    """The fragments of a page's headings, as GitHub makes them: lower case, hyphens for spaces, no punctuation."""
    prose = "".join(page.read_text().split("```")[::2])
    headings = re.findall(r"^#+ (.+)$", prose, re.M)
    return {re.sub(r"[^\w -]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


def test_anchors_in_the_documents_lead_to_headings(repository: Path) -> None:
    broken = []
    for document in documents(repository):
        for name, anchor in re.findall(r"\]\(([^)\s#:]*)#([^)\s]+)\)", document.read_text()):
            page = document.parent / name if name else document
            if anchor not in anchors(page):
                broken.append(f"{document.relative_to(repository)} → {name}#{anchor}")
    assert broken == []


def named_paths(text: str) -> Iterator[str]:
    """Paths written as code: `studio/db/job_transitions.py`, `bots/web/`, `docs/`."""
    for code in code_spans(text):
        if re.fullmatch(rf"(?:{'|'.join(PACKAGES)}|tests|docs|scripts|docker)/[\w./-]*", code):
            yield code


def test_files_named_in_the_documents_exist(repository: Path) -> None:
    absent = [
        f"{document.relative_to(repository)} names {path}"
        for document in documents(repository)
        for path in named_paths(document.read_text())
        if not (repository / path).exists()
    ]
    assert absent == []


def code_spans(text: str) -> Iterator[str]:
    """What stands between single backticks."""
    for prose in text.split("```")[::2]:
        for line in prose.splitlines():
            yield from line.split("`")[1::2]


def code_blocks(text: str) -> Iterator[str]:
    """The lines of fenced blocks, without prompts; a block's first line names its language."""
    for block in text.split("```")[1::2]:
        yield from (line.strip().removeprefix("$ ") for line in block.splitlines()[1:])


def written_commands(repository: Path, program: str) -> dict[str, str]:
    """First word after `program` in every code span and block of the documents, with where it was found."""
    found = {}
    for document in documents(repository):
        text = document.read_text()
        for line in [*code_blocks(text), *code_spans(text)]:
            if match := re.match(rf"{program} ([a-z][\w-]*)", line):
                found[match[1]] = f"{document.relative_to(repository)}: {line}"
    return found


def test_make_targets_in_the_documents_exist(repository: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (repository / "Makefile").read_text(), re.M))
    written = written_commands(repository, "make")
    assert {"try", "test", "check"} <= set(written)
    assert {name: where for name, where in written.items() if name not in targets} == {}


def test_chatelier_commands_in_the_documents_exist(repository: Path) -> None:
    from typer.main import get_command

    from chatelier.cli import main

    commands = set(getattr(get_command(main.app), "commands", {}))
    written = written_commands(repository, "chatelier")
    assert "up" in written
    assert {name: where for name, where in written.items() if name not in commands} == {}


def test_the_changelog_has_a_place_for_what_comes_next(repository: Path) -> None:
    assert "## [Unreleased]" in (repository / "CHANGELOG.md").read_text()


def linked_pages(page: Path) -> Iterator[Path]:
    """The Markdown pages to which the page links; a link to a folder leads to every page in it."""
    for target in re.findall(r"\]\(([^)\s#]+)[^)\s]*\)", page.read_text()):
        linked = (page.parent / target).resolve()
        if linked.is_dir():
            yield from linked.glob("*.md")
        elif linked.suffix == ".md" and linked.exists():
            yield linked


def test_every_page_of_the_docs_is_reachable_from_their_index(repository: Path) -> None:
    docs = (repository / "docs").resolve()
    reached: set[Path] = set()
    waiting = [docs / "README.md"]
    while waiting:
        page = waiting.pop()
        if page not in reached:
            reached.add(page)
            waiting.extend(linked_pages(page))
    assert {path.relative_to(docs).as_posix() for path in set(docs.rglob("*.md")) - reached} == set()


def test_decisions_are_numbered_without_gaps(repository: Path) -> None:
    pages = (repository / "docs" / "decisions").glob("[0-9]*.md")
    numbers = sorted(int(path.name.split("-")[0]) for path in pages)
    assert numbers
    assert numbers == list(range(1, len(numbers) + 1))


def test_settings_named_in_the_documents_exist(repository: Path) -> None:
    words = {word for path in modules(repository) for word in re.findall(r"\w+", path.read_text().lower())}
    for document in documents(repository):
        for name in set(re.findall(r"\bCHATELIER_[A-Z_]+[A-Z]\b", document.read_text())):
            last = name.removeprefix("CHATELIER_").split("__")[-1].lower()
            assert last in words, f"{document.name} names {name}, which nothing reads"
