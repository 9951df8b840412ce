"""What is on photos, by Keras. Run alone, it checks itself on the photos of `golden/`."""

import keras
import numpy as np

from stacker.using.exporting.examples.preparing import CONTRACT, HERE

MODEL = keras.models.load_model(HERE / "model.keras", compile=False)


def predict(images: np.ndarray) -> dict[str, np.ndarray]:
    return dict(MODEL.predict_on_batch([images] * len(CONTRACT["inputs"])))
