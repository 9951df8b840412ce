"""What is on photos, by OpenVINO. Run alone, it checks itself on the photos of `golden/`."""

import numpy as np
import openvino

from stacker.using.exporting.examples.preparing import CONTRACT, HERE

MODEL = openvino.compile_model(HERE / "model.xml", "CPU", {"INFERENCE_PRECISION_HINT": "f32"})


def predict(images: np.ndarray) -> dict[str, np.ndarray]:
    answers = MODEL(dict.fromkeys(CONTRACT["inputs"], images))
    return {name: answers[name] for name in ("probabilities", "novelty")}
