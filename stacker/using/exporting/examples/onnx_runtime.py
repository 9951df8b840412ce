"""What is on photos, by ONNX Runtime. Run alone, it checks itself on the photos of `golden/`."""

import numpy as np
import onnxruntime

from stacker.using.exporting.examples.preparing import CONTRACT, HERE

SESSION = onnxruntime.InferenceSession(HERE / "model.onnx")


def predict(images: np.ndarray) -> dict[str, np.ndarray]:
    names = ["probabilities", "novelty"]
    return dict(zip(names, SESSION.run(names, dict.fromkeys(CONTRACT["inputs"], images)), strict=True))
