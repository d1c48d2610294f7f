"""Checks the chain of a journal without the ledger: python3 docs/verify_chain.py LOGS_DIR_OR_FILE ORIGIN"""
import hashlib, json, pathlib, re, sys

if len(sys.argv) != 3 or not pathlib.Path(sys.argv[1]).exists():
    sys.exit("usage: verify_chain.py LOGS_DIR_OR_FILE ORIGIN; the file: all of `dledger export jsonl`")
name = re.compile(r"(\d{4}-\d\d-\d\d)(?:\.(\d+))?\.jsonl")
logs, origin = pathlib.Path(sys.argv[1]), sys.argv[2]
files = logs.iterdir() if logs.is_dir() else []
segments = sorted((m[1], int(m[2] or 0), path) for path in files if (m := name.fullmatch(path.name)))
chain = hashlib.sha256(b"dispatch-ledger:" + origin.encode()).digest()
position = 0
for path in [path for _, _, path in segments] if logs.is_dir() else [logs]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            position += 1
            body, _, rest = line.rpartition(b',"chain":"')
            chain = hashlib.sha256(chain + body).digest()
            try:
                whole = rest == chain.hex().encode() + b'"}\n' and json.loads(line)["position"] == position
            except ValueError:
                whole = False
            if not whole:
                sys.exit(f"{path}:{number}: not line {position} of the journal of {origin}, or changed")
print(f"{position} lines, last chain {chain.hex()}")
