"""Checks that the migrations are numbered 0001, 0002 … without gaps and hold no placeholder."""

import re
import sys
from pathlib import Path

problems = []
for expected, path in enumerate(sorted(Path("migrations").glob("*.sql")), start=1):
    if not re.fullmatch(rf"{expected:04d}_[a-z0-9_]+\.sql", path.name):
        problems.append(f"{path}: expected a name like {expected:04d}_what_it_does.sql")
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        if re.search(r"\b(TODO|FIXME|XXX|TBD)\b|<[A-Z_]+>|\$\{", line):
            problems.append(f"{path}:{number}: a placeholder is left: {line.strip()}")
for problem in problems:
    print(problem, file=sys.stderr)
sys.exit(1 if problems else 0)
