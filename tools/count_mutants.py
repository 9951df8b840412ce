"""Say of each room which share of its mutants the tests noticed, and name the others: the end of `make mutants`.

`mutmut show <mutant>` shows what was changed.
"""

import re
import subprocess
from collections import Counter

RESULT = re.compile(r"^\s*(stacker\.(\w+)\.\S+): (.+)$", re.MULTILINE)
NOTICED = {"killed", "timeout", "caught by type check", "segfault"}
NOT_RUN = {"not checked", "skipped"}


def main() -> None:
    done = subprocess.run(["mutmut", "results", "--all", "true"], capture_output=True, text=True, check=True)
    noticed, unnoticed = count_results(done.stdout)
    print("\n".join(unnoticed))
    for room in sorted({room for room, _ in noticed}):
        killed, survived = noticed[room, True], noticed[room, False]
        print(f"{room}: {killed} of {killed + survived} killed, {killed / (killed + survived):.1%}")


def count_results(results: str) -> tuple[Counter[tuple[str, bool]], list[str]]:
    """What `mutmut results --all true` says.

    Returns:
        How many mutants by room and by whether a test noticed them; and the others, each with its state.
    """
    tested = [(name, room, state) for name, room, state in RESULT.findall(results) if state not in NOT_RUN]
    counts = Counter((room, state in NOTICED) for _, room, state in tested)
    return counts, [f"{name}: {state}" for name, _, state in tested if state not in NOTICED]


if __name__ == "__main__":
    main()
