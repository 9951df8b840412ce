"""Pass every image through a member's frozen backbone once, and keep the features, so that no epoch repeats it.

Reads `data/arrays/`; writes `data/features/<member>/`. A backbone that is trainable from the start has no features to
keep: the folder then says so and holds nothing else.
Alone: `python -m stages.embed <member>`.
"""

import numpy as np

from stages.arrays import SPLITS, load_images
from stages.errors import read_argument, run_stage
from stages.features import FEATURES, write_provenance
from stages.outputs import replaced_directory
from stages.settings import load_member


def main() -> None:
    label = read_argument("member")
    member, settings = load_member(label)
    with replaced_directory(FEATURES / label) as folder:
        if member.backbone.trainable:
            write_provenance(folder, features="none: the backbone is trainable from the start")
            print(f"{label}: the backbone is trainable from the start, there is nothing to keep")
            return
        from stages.backbones import build_backbone  # Keras costs seconds, which the case above need not pay
        from stages.inference import compile_predictor

        arrays = {split: load_images(split) for split in SPLITS}
        backbone = build_backbone(label, member.backbone, arrays["train"].shape[1])
        predictor = compile_predictor(backbone, settings.inference, {label: arrays["train"].dtype})
        for split, images in arrays.items():
            np.save(folder / f"{split}.npy", predictor.predict({label: images}))
        write_provenance(folder, engine=predictor.engine, precision=predictor.precision)
        print(f"{label}: {backbone.output_shape[1]} features an image ({predictor.engine}, {predictor.precision})")


if __name__ == "__main__":
    run_stage(main)
