"""What is on photos, by LiteRT. Run alone, it checks itself on the photos of `golden/`."""

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from stacker.using.exporting.examples.preparing import CONTRACT, HERE

RUNNER = Interpreter(str(HERE / "model.tflite")).get_signature_runner("serving_default")


def predict(images: np.ndarray) -> dict[str, np.ndarray]:
    return dict(RUNNER(**dict.fromkeys(CONTRACT["inputs"], images)))
