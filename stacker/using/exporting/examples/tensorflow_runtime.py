"""What is on photos, by TensorFlow. Run alone, it checks itself on the photos of `golden/`."""

import numpy as np
import tensorflow

from stacker.using.exporting.examples.preparing import CONTRACT, HERE

MODEL = tensorflow.saved_model.load(str(HERE / "model"))


def predict(images: np.ndarray) -> dict[str, np.ndarray]:
    answers = MODEL.serve(*[images] * len(CONTRACT["inputs"]))
    return {name: np.asarray(values) for name, values in answers.items()}
