import numpy as np
import pytest

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.features import FEATURES, load_features, read_provenance, write_provenance


def test_load_features_maps_the_file(workspace):
    (FEATURES / "first").mkdir(parents=True)
    np.save(FEATURES / "first" / "train.npy", np.ones((3, 4), np.float32))

    features = load_features("first", "train")

    assert isinstance(features, np.memmap)
    assert features.shape == (3, 4)


def test_load_features_says_which_stage_to_run_when_there_are_none(workspace):
    with pytest.raises(PipelineError, match="run `dvc repro embed@first`"):
        load_features("first", "train")


def test_write_provenance_says_what_made_the_features(tmp_path):
    write_provenance(tmp_path, precision="float32", engine="keras")

    assert (tmp_path / "provenance.json").read_bytes() == b'{\n  "engine": "keras",\n  "precision": "float32"\n}\n'


def test_read_provenance_gives_what_was_written(workspace):
    (FEATURES / "first").mkdir(parents=True)
    write_provenance(FEATURES / "first", precision="float32", engine="keras")

    assert read_provenance("first") == {"precision": "float32", "engine": "keras"}


@pytest.mark.parametrize("text", [None, "", "{"])
def test_read_provenance_says_which_stage_to_run_when_it_is_missing_or_damaged(workspace, text):
    if text is not None:
        (FEATURES / "first").mkdir(parents=True)
        (FEATURES / "first" / "provenance.json").write_text(text)

    with pytest.raises(PipelineError, match=r"first/provenance\.json cannot be read .*: run `dvc repro .*embed@first`"):
        read_provenance("first")
