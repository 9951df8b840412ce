"""Run one function in a process of its own and report what it cost; `benchmarks.measure.run_child` starts it."""

import importlib
import json
import sys
import time

from benchmarks.measure import MARK, MemoryWatch


def main() -> None:
    target, *arguments = sys.argv[1:]
    sys.argv = [target, *arguments]
    module, function = target.split(":")
    with MemoryWatch() as memory:
        value = getattr(importlib.import_module(module), function)()
    cost = {"cpu_seconds": time.process_time(), "peak_mib": memory.peak_mib, "value": value}
    print(MARK + json.dumps(cost), flush=True)


if __name__ == "__main__":
    main()
