"""Pass every image through a member's frozen backbone once, and keep the features, so that no epoch repeats it.

Reads the images in `data/arrays/`; writes `data/features/<member>/`. A backbone that is trainable from the start has no
features to keep: the folder then says so and holds nothing else.
"""

from typing import Annotated

import numpy as np
import typer

from stacker.artifacts.arrays import SPLITS, load_images
from stacker.artifacts.disk_room import require_room
from stacker.artifacts.features import FEATURES, write_provenance
from stacker.artifacts.outputs import replaced_directory
from stacker.artifacts.progress import open_progress
from stacker.checks.backend import use_backend
from stacker.checks.command import run_stage
from stacker.checks.keras_import import import_keras
from stacker.settings.backbone import load_backbone
from stacker.settings.backend import load_backend
from stacker.settings.inference import load_inference


def main(member: Annotated[str, typer.Argument(help="A label in the block `members` of params.yaml.")]) -> None:
    settings, inference = load_backbone(member), load_inference()
    with replaced_directory(FEATURES / member) as folder:
        if settings.trainable:
            write_provenance(folder, features="none: the backbone is trainable from the start")
            print(f"{member}: the backbone is trainable from the start, there is nothing to keep")
            return
        use_backend()
        import_keras()  # it costs seconds, which the case above need not pay
        from stacker.backbones.building import build_backbone
        from stacker.backbones.weights_files import describe_weights
        from stacker.inference.predictors import compile_predictor

        arrays = {split: load_images(split) for split in SPLITS}
        backbone = build_backbone(member, settings, arrays["train"].shape[1])
        predictor = compile_predictor(backbone, inference, {member: arrays["train"].dtype}, {member: arrays["train"]})
        count = sum(map(len, arrays.values()))
        require_room(FEATURES / member, count * backbone.output_shape[1] * np.dtype(np.float32).itemsize)
        print(f"{member}: {count:,} photos through {settings.name} ({predictor.engine}, {predictor.precision})")
        with open_progress(f"{member}: embedding", count, "photos") as bar:
            for split, images in arrays.items():
                np.save(folder / f"{split}.npy", predictor.predict({member: images}, bar=bar))
        origin = describe_weights(settings, f"members.{member}.backbone.weights")
        weights = {f"weights_{key}": value for key, value in origin._asdict().items() if value is not None}
        made_by = {"backend": load_backend(), "engine": predictor.engine, "precision": predictor.precision}
        write_provenance(folder, **made_by, **weights)
        print(f"{member}: {backbone.output_shape[1]:,} features a photo")


if __name__ == "__main__":
    run_stage(main, __doc__)
