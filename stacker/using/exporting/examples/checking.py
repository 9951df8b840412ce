"""The example's own check."""

import json

import numpy as np

from stacker.using.exporting.examples.onnx_runtime import predict
from stacker.using.exporting.examples.preparing import HERE, prepare

if __name__ == "__main__":
    golden = json.loads((HERE / "golden" / "expected.json").read_text(encoding="utf-8"))["probabilities"]
    answers = predict(np.stack([prepare(HERE / "golden" / name) for name in golden]))["probabilities"]
    print(f"largest difference: {(difference := np.abs(answers - [*golden.values()]).max()):.1e}")
    raise SystemExit(int(not difference <= 1e-3))
