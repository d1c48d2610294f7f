"""Checks that every relative link in the documents leads to a file, and every #anchor to a heading."""

import re
import subprocess
import sys
from pathlib import Path

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)|!\[[^\]]*\]\(([^)\s]+)\)")


def documents() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", "*.md"],
        check=True,
        capture_output=True,
        text=True,
    )
    return [Path(line) for line in listing.stdout.splitlines() if Path(line).exists()]


def anchors(document: Path) -> set[str]:
    """The anchors that a page renderer makes of the headings."""
    found = set()
    for line in document.read_text().splitlines():
        if line.startswith("#"):
            title = line.lstrip("#").strip().lower()
            found.add(re.sub(r"[^\w\- ]", "", title).replace(" ", "-"))
    return found


def problems(document: Path) -> list[str]:
    found, fenced = [], False
    for number, line in enumerate(document.read_text().splitlines(), start=1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        if fenced:
            continue
        for match in LINK.finditer(line):
            target = match.group(1) or match.group(2)
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            there = (document.parent / path) if path else document
            if not there.exists():
                found.append(f"{document}:{number}: {target} leads nowhere")
            elif anchor and there.suffix == ".md" and anchor not in anchors(there):
                found.append(f"{document}:{number}: {target}: no such heading")
    return found


everything = [problem for document in documents() for problem in problems(document)]
for problem in everything:
    print(problem, file=sys.stderr)
sys.exit(1 if everything else 0)
