"""What the documents say of the tree is so: modules, threads, tests, files and commands."""

import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()


def section(title: str) -> list[list[str]]:
    """The cells of the table under a heading, without its head."""
    text = ARCHITECTURE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    rows = [line.strip().strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def test_the_table_of_modules_is_the_package_s():
    drawn = {}
    for names, needs in section("Modules"):
        for name in names.split(", "):
            drawn[name] = set(needs.split())
    dumped = subprocess.run(
        ["swift", "package", "--ignore-lock", "dump-package"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    modules = {}
    for target in json.loads(dumped.stdout)["targets"]:
        if target["path"].startswith("Sources/") and not target["path"].startswith("Sources/C/"):
            modules[target["name"]] = {need["byName"][0] for need in target["dependencies"]}
    assert drawn == modules


def test_every_test_that_the_architecture_names_is_there():
    named = set(re.findall(r"`(\w+Tests|\w+\.py)`", ARCHITECTURE)) - {"ArchitectureTests"}
    assert len(named) > 15
    files = {path.stem for path in (ROOT / "Tests").rglob("*.swift")}
    scripts = {path.name for path in (ROOT / "Tests" / "EndToEnd").glob("*.py")}
    assert {name for name in named if name not in files | scripts} == set()


def test_the_architecture_s_threads_are_the_code_s():
    sources = "\n".join(path.read_text() for path in (ROOT / "Sources").rglob("*.swift"))
    named = {name.strip("`") for name, *_ in section("Threads")} - {"main"}
    assert named == set(re.findall(r'named: "(ledger-[a-z]+)"', sources))


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "docs/architecture.md"])
def test_every_file_that_a_document_names_is_there(document):
    text = (ROOT / document).read_text()
    places = re.findall(r"\b((?:script|docs|Tests|Sources|migrations|distro)/[\w./+-]*[\w])", text)
    named = {place for place in places if "NNNN" not in place and "…" not in place}
    assert named
    gone = [name for name in named if not (ROOT / name).exists() and not (ROOT / f"{name}.md").exists()]
    assert gone == []


def rows_of(text: str) -> dict[str, list[str]]:
    """The rows of a document's tables, by their first cell; each stands once."""
    cells = [line.strip("|").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    names = [first.strip() for first, *_ in cells if first.strip()]
    assert len(set(names)) == len(names)
    return {first.strip(): [cell.strip() for cell in rest] for first, *rest in cells if first.strip()}


def test_every_complaint_has_its_row_its_tests_and_its_result():
    rows = rows_of((ROOT / "docs" / "conformance.md").read_text())
    assert list(rows) == [*map(str, range(1, 39)), *(f"({letter})" for letter in "abcdefghijkl")]
    for number, (complaint, answer, shown, result) in rows.items():
        assert complaint and answer, number
        assert re.match(r"holds$|holds (in part|for)\b.*|does not hold\b.*: .", result), (number, result)
        if result.startswith("holds in part"):
            assert ": " in result, number
        named = re.findall(r"`([^`]+)`", shown)
        assert named, number
        for name in named:
            assert is_a_test(name), f"{number}: {name}"


def is_a_test(name: str) -> bool:
    """Whether `file.py::test` or `FileTests/"title"` is in the tree."""
    if scripted := re.fullmatch(r"(test_\w+\.py)::(test_\w+)", name):
        path = ROOT / "Tests" / "EndToEnd" / scripted[1]
        return path.is_file() and f"\ndef {scripted[2]}(" in path.read_text()
    titled = re.fullmatch(r'(\w+Tests)/"(.+)"', name)
    found = list((ROOT / "Tests").rglob(f"{titled[1]}.swift")) if titled else []
    # A title may be broken over two lines, never inside its quotes.
    return len(found) == 1 and bool(re.search(rf'@Test\(\s*"{re.escape(titled[2])}"', found[0].read_text()))


def test_every_command_that_the_program_has_is_in_the_changelog(binary):
    said = subprocess.run([binary, "help"], capture_output=True, text=True, timeout=20, check=True).stdout
    commands = re.findall(r"^  ([a-z-]+)  +\S", said.partition("Commands:")[2], re.MULTILINE)
    assert len(commands) > 5
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert [command for command in commands if f"`{command}" not in changelog.replace("dledger ", "")] == []
