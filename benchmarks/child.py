"""Run one function in a process of its own and report what it cost; `benchmarks.measure.run_child` starts it."""

import importlib
import json
import sys
import time

from benchmarks.measure import MARK, MemoryWatch


def main() -> None:
    target, *arguments = sys.argv[1:]
    options = {word.removeprefix("--"): True for word in arguments if word.startswith("--")}
    words = [word for word in arguments if not word.startswith("--")]
    module, function = target.split(":")
    with MemoryWatch() as memory:
        value = getattr(importlib.import_module(module), function)(*words, **options)
    cost = {"cpu_seconds": time.process_time(), "peak_mib": memory.peak_mib, "value": value}
    print(MARK + json.dumps(cost), flush=True)


if __name__ == "__main__":
    main()
