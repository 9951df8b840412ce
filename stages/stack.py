"""Fit a meta-model on the members' held-out predictions and put it on the frozen members.

Reads `models/members/`, `data/predictions/members/`, labels of train and validation, and test photos, but no test
labels; writes `models/<ensemble>.h5`, `data/predictions/ensembles/<ensemble>.npz`, the learning curves
`plots/curves/<ensemble>.csv`, and for `compare` meta-models that lack one member each,
`data/predictions/leave_one_out/<ensemble>.npz`. The members' networks run for some test photos only, as a check of the
saved file; all else comes from their saved predictions.
"""

from typing import Annotated

import numpy as np
import typer

from stacker.artifacts.arrays import load_classes, load_groups, load_images, load_labels
from stacker.artifacts.curves import Epoch, write_history
from stacker.artifacts.descriptions import read_description
from stacker.artifacts.leftovers import sweep_inputs_of_stack
from stacker.artifacts.model_paths import MEMBERS, MODELS
from stacker.artifacts.outputs import replaced_file
from stacker.artifacts.predictions import EnsemblePredictions, load_all_predictions, save_ensemble_predictions
from stacker.checks.backend import use_backend
from stacker.checks.command import run_stage
from stacker.checks.keras_import import import_keras
from stacker.ensembles.held_out_rows import gather_held_out
from stacker.ensembles.leave_one_out import save_leave_one_out
from stacker.ensembles.meta_weights import apply_meta_weights
from stacker.ensembles.novelty import join_novelty
from stacker.ensembles.ordering import order_members
from stacker.settings.backend import load_backend
from stacker.settings.hashing import hash_settings
from stacker.settings.inference import load_inference
from stacker.settings.meta_models import load_ensemble_check, load_meta_model
from stacker.settings.reading import read_labels


def main(ensemble: Annotated[str, typer.Argument(help="A label in the block `meta_models` of params.yaml.")]) -> None:
    settings, inference, check = load_meta_model(ensemble), load_inference(), load_ensemble_check()
    members = read_labels("members")
    sweep_inputs_of_stack(members, read_labels("meta_models"))
    predictions = load_all_predictions(members)
    described = {label: read_description(MEMBERS / f"{label}.h5", f"dvc repro train@{label}") for label in members}
    labels = load_labels("train")
    predictions = {label: predictions[label] for label in order_members(predictions, labels)}
    fit_on = next(iter(predictions.values())).fit_on
    if fit_on == "train":
        print("warning: stacking.fit_on is `train`: the meta-model learns from leaked predictions; for comparison only")
    use_backend()
    import_keras()
    # from here on Keras, on the backend chosen
    from stacker.artifacts.saved_models import load_model, save_model
    from stacker.backbones.costs import measure_cost
    from stacker.ensembles.meta_fitting import Watched, fit_meta_model, fit_without_each
    from stacker.ensembles.meta_model import assemble_ensemble, restore_meta_model
    from stacker.ensembles.saved_check import check_saved
    from stacker.training.describing import describe_model
    from stacker.training.fitting import make_deterministic

    make_deterministic()
    print(f"{ensemble}: learns from held-out predictions of {', '.join(predictions)}")
    held_out = gather_held_out(predictions, labels, load_groups("train"), settings.class_weights)
    watched = Watched({label: member.validation for label, member in predictions.items()}, load_labels("validation"))
    class_count = len(load_classes())
    fitted = fit_meta_model(held_out, watched, class_count, settings)
    report_fit(ensemble, fitted.history[-1], held_out.is_balanced)
    predicted = {
        split: apply_meta_weights(
            fitted.weights, {label: getattr(member, split) for label, member in predictions.items()}
        )
        for split in ("train", "validation", "test")
    }
    answers = EnsemblePredictions(
        **predicted,
        held_out=fitted.held_out,
        held_out_rows=next(iter(predictions.values())).held_out_rows,
        fit_on=np.array(fit_on),
        checked_photos=np.array(0),
        **join_novelty(predictions.values()),
    )
    facts = {label: part.members[label] for label, part in described.items()}
    hashed = hash_settings(
        load_backend(), settings, check, inference, {label: part.settings for label, part in described.items()}
    )
    with replaced_file(MODELS / f"{ensemble}.h5") as path:
        loaded = {label: load_model(MEMBERS / f"{label}.h5", f"train@{label}") for label in predictions}
        widths = {label: values.shape[1] for label, values in held_out.logits.items()}
        model = assemble_ensemble(ensemble, loaded, restore_meta_model(fitted.weights, widths, class_count))
        save_model(model, path, describe_model("ensemble", ensemble, facts, hashed, answers))
        made_in = {str(member.precision) for member in predictions.values()}
        saved = check_saved(path, load_images("test"), predicted["test"], made_in, inference, check.photos)
        file_bytes = np.array(path.stat().st_size)
    answers = answers._replace(**saved, file_bytes=file_bytes, **measure_cost(model))
    save_ensemble_predictions(ensemble, answers)
    write_history(ensemble, fitted.history)
    save_leave_one_out(ensemble, fit_without_each(held_out, settings, fitted.spread))


def report_fit(ensemble: str, last: Epoch, is_balanced: bool) -> None:
    """Print what the meta-model reached on the rows that it learnt."""
    weights = ", every class counting the same" if is_balanced else ""
    print(f"{ensemble}: loss {last.loss:.4f}, accuracy {last.accuracy:.4f} on the rows it learnt{weights}")


if __name__ == "__main__":
    run_stage(main, __doc__)
