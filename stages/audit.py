"""Find photos that want a second look, from what is saved: no network runs.

Which labels are probably wrong is said by the members' answers to photos that they had not learnt: the held-out rows of
the train split, and the validation split. No answer to a test photo is used; of the test split the pixels are looked
at, as of the others, and in which class a duplicate lies. Reads `data/predictions/members/`, the manifest, the images,
and labels and groups of train and validation; writes `metrics/audit.json`, `metrics/audit.md`, and the contact sheet
`plots/audit.png`.
"""

import numpy as np

from stacker.artifacts.arrays import SPLITS, load_classes, load_groups, load_images, load_labels
from stacker.artifacts.errors import PipelineError
from stacker.artifacts.leftovers import sweep_inputs_of_stack
from stacker.artifacts.manifest import Photo, load_manifest
from stacker.artifacts.outputs import replaced_file
from stacker.artifacts.progress import open_progress
from stacker.artifacts.results import METRICS, PLOTS
from stacker.checks.command import run_stage
from stacker.photos.odd_photos import Odd, compute_shapes, find_odd, measure_photos
from stacker.photos.torn_groups import find_torn
from stacker.pictures.audit_sheet import draw_audit
from stacker.pictures.audit_text import count_finds, write_audit
from stacker.pictures.look import fixed_look, save_picture
from stacker.scoring.audit import Audit, describe_audit, list_suspects
from stacker.scoring.class_issues import find_confused, find_thin
from stacker.scoring.label_issues import find_label_issues
from stacker.scoring.reports import write_metrics
from stacker.scoring.unlearnt_rows import gather_unlearnt
from stacker.settings.reading import read_labels


def main() -> None:
    members = read_labels("members")
    sweep_inputs_of_stack(members, read_labels("meta_models"))  # the members' predictions are its inputs too
    photos, images = load_manifest(), {split: load_images(split) for split in SPLITS}
    check_lengths(photos, images)
    audit = find_out(members, photos, images)
    write_metrics(METRICS / "audit.json", describe_audit(audit))
    with replaced_file(METRICS / "audit.md") as path:
        path.write_text(write_audit(audit), encoding="utf-8")
    places = {photo.path: (split, row) for split, rows in photos.items() for row, photo in enumerate(rows)}

    def load_image(photo: Photo) -> np.ndarray:
        split, row = places[photo.path]
        return np.asarray(images[split][row])

    with fixed_look():
        save_picture(draw_audit(audit, load_image), "audit")
    print(f"{'; '.join(count_finds(audit))} -> {METRICS / 'audit.md'}, {PLOTS / 'audit.png'}")


def check_lengths(photos: dict[str, list[Photo]], images: dict[str, np.ndarray]) -> None:
    """Does the manifest list the photos of the arrays?

    Raises:
        PipelineError: it does not.
    """
    for split, rows in photos.items():
        if len(rows) != len(images[split]):
            raise PipelineError(
                f"data/arrays/manifest.csv lists {len(rows)} {split} photos, data/arrays/{split}/images.npy has "
                f"{len(images[split])}: run `dvc repro prepare`"
            )


def find_out(members: list[str], photos: dict[str, list[Photo]], images: dict[str, np.ndarray]) -> Audit:
    """Look for all that wants a second look."""
    classes, unlearnt = load_classes(), gather_unlearnt(members)
    judged = [photos["train"][row] for row in unlearnt.train_rows] + photos["validation"]
    issues = find_label_issues(unlearnt.labels, unlearnt.probabilities)
    everything = [photo for split in SPLITS for photo in photos[split]]
    return Audit(
        fit_on=unlearnt.fit_on,
        judged={"train": len(unlearnt.train_rows), "validation": len(photos["validation"])},
        photos={split: len(photos[split]) for split in SPLITS},
        members=len(members),
        is_watched=unlearnt.is_watched,
        sure=issues.sure,
        in_doubt=len(issues.rows) - issues.sure,
        suspects=list_suspects(issues, unlearnt, judged, classes),
        groups=find_torn(everything),
        odd=look_at(images, everything),
        pictured=everything,
        thin=find_thin(load_labels("train"), load_groups("train"), classes),
        confused=find_confused(unlearnt.labels, unlearnt.probabilities.argmax(axis=1), classes),
        classes=len(classes),
    )


def look_at(images: dict[str, np.ndarray], photos: list[Photo]) -> dict[str, Odd]:
    """Measure the images of all splits, which are `photos` in this order, and find the odd ones."""
    with open_progress("looking", len(photos), "photos") as bar:
        measures = measure_photos((image for split in SPLITS for image in images[split]), len(photos), bar)
    return find_odd(measures, compute_shapes([(photo.width, photo.height) for photo in photos]))


if __name__ == "__main__":
    run_stage(main, __doc__)
