"""Wraps comment lines of Swift files at 110 columns; what fits stays, so do lists and drawings."""

import re
import sys
import textwrap
from pathlib import Path

WIDTH = 110
COMMENT = re.compile(r"^(\s*///? +)(\S.*)$")
# What begins a line that is no running text.
FIXED = re.compile(r"^([-*|>#`│┌└├─▼▲]|\d+\.)")


def wrapped(lines: list[str]) -> list[str]:
    done, index, fenced = [], 0, False
    while index < len(lines):
        line = lines[index]
        match = COMMENT.match(line)
        if match and match.group(2).startswith("```"):
            fenced = not fenced
        if not match or len(line) <= WIDTH or fenced:
            done.append(line)
            index += 1
            continue
        # From here to the end of the paragraph; a list item's continuation is indented by two.
        prefix, text = match.groups()
        indent = prefix + ("  " if FIXED.match(text) else "")
        words = [text]
        index += 1
        while index < len(lines):
            after = COMMENT.match(lines[index])
            if not after or after.group(1) != indent or FIXED.match(after.group(2)):
                break
            words.append(after.group(2))
            index += 1
        done += textwrap.wrap(
            " ".join(words),
            WIDTH,
            initial_indent=prefix,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
    return done


for path in map(Path, sys.argv[1:]):
    before = path.read_text()
    if before.startswith("// Generated"):
        continue
    after = "\n".join(wrapped(before.split("\n")))
    if after != before:
        path.write_text(after)
