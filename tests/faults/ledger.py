"""What was tried, a line of JSON each: `tools/write_reliability.py` makes the table of docs/reliability.md of them."""

import json
import os
from pathlib import Path

LEDGER = "FAULTS_LEDGER"  # the environment variable that names the file; where it is not set, nothing is kept
SEED = int(os.environ.get("FAULTS_SEED") or 17)


def note(fault: str, where: str, is_well: bool) -> None:
    """Keep one try.

    Args:
        fault: what was done.
        where: to which stage, or file.
        is_well: did it end as docs/reliability.md promises?
    """
    path = os.environ.get(LEDGER)
    if path:
        with Path(path).open("a", encoding="utf-8") as stream:  # one short line: two processes do not mix theirs
            stream.write(json.dumps({"fault": fault, "where": where, "is_well": is_well, "seed": SEED}) + "\n")
