"""Run the example of an export, and measure what it gives; called by its path, without the rest of this library.

Usage: `python measuring.py` in the folder of the export. The last line that it prints is JSON.
"""

import json
import time
from pathlib import Path
from typing import Any

import numpy as np

ROUNDS = 3  # the fastest counts: other work on the machine only slows


def main() -> None:
    example = Path("example.py").resolve()
    names: dict[str, Any] = {"__name__": "__main__", "__file__": str(example)}
    try:
        exec(compile(example.read_text(encoding="utf-8"), example, "exec"), names)  # noqa: S102 - as `python example.py`, but what it defines stays
    except SystemExit as ended:
        print(f"the example ended with {ended.code}")
    expected = json.loads(Path("golden/expected.json").read_text(encoding="utf-8"))
    wanted = np.array(list(expected["probabilities"].values()))
    novelty = np.array(list(expected["novelty"].values()))
    images = np.load("golden/prepared.npy").astype(names["CONTRACT"]["dtype"])
    prepared = np.stack([names["prepare"](Path("golden") / photo) for photo in expected["probabilities"]])
    from_files, alone = names["predict"](prepared), names["predict"](images)
    measured = {
        "from_files": np.abs(from_files["probabilities"] - wanted).max(),
        "network": np.abs(alone["probabilities"] - wanted).max(),
        "novelty": (np.abs(alone["novelty"].ravel() - novelty) / np.maximum(1, novelty)).max(),
        "milliseconds": min(time_pass(names["predict"], images) for _ in range(ROUNDS)) / len(images) * 1e3,
    }
    print(json.dumps({name: float(value) for name, value in measured.items()}))


def time_pass(predict: Any, images: np.ndarray) -> float:
    """Seconds."""
    start = time.perf_counter()
    predict(images)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
