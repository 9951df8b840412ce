"""The description inside a .h5: what is written comes back, and nothing but plain bytes in the file is read."""

import json
import shutil

import h5py
import keras
import numpy as np
import pytest
from helpers import build_small_member, make_description

from stacker.artifacts import descriptions
from stacker.artifacts.descriptions import DATASET, read_description, write_description
from stacker.artifacts.errors import PipelineError
from stacker.artifacts.saved_models import save_model


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "pet.h5"
    save_model(build_small_member("pet", 3), path, make_description("pet"))
    return path


@pytest.fixture
def model_file(saved, tmp_path):
    return shutil.copy(saved, tmp_path / "pet.h5")


def replace_dataset(path, **options) -> None:
    with h5py.File(path, "r+") as file:
        del file[DATASET]
        file.create_dataset(DATASET, **options)


def as_bytes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode(), np.uint8)


def test_what_is_written_comes_back(model_file):
    assert read_description(model_file) == make_description("pet")


def test_plain_keras_does_not_look_at_it(model_file):
    images = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3)).astype(np.float32)

    model = keras.models.load_model(model_file, compile=False)

    expected = build_small_member("pet", 3)(images, training=False)
    np.testing.assert_allclose(model([images], training=False), expected, atol=1e-6)


def test_it_is_one_dataset_at_the_root_whose_size_is_known(model_file):
    with h5py.File(model_file) as file:
        assert file[DATASET].dtype == np.uint8
        assert file[DATASET].shape == (len(make_description("pet").model_dump_json()),)
        assert json.loads(file[DATASET][()].tobytes())["classes"] == ["cat", "dog"]


def test_classes_of_any_name_come_back(tmp_path):
    names = ["Käse|x", "<script>", "猫", "a" * 200]
    with h5py.File(tmp_path / "pet.h5", "w"):
        pass
    write_description(tmp_path / "pet.h5", make_description("pet", classes=names))

    assert read_description(tmp_path / "pet.h5").classes == names


def test_a_file_that_is_not_there_or_no_hdf5_or_without_a_description_is_named(tmp_path):
    with pytest.raises(PipelineError, match=r"gone\.h5 is missing: run `dvc repro train@gone`"):
        read_description(tmp_path / "gone.h5", "dvc repro train@gone")
    (tmp_path / "text.h5").write_text("no model")
    with pytest.raises(PipelineError, match=r"text\.h5 cannot be read as a model of this pipeline"):
        read_description(tmp_path / "text.h5")
    with h5py.File(tmp_path / "old.h5", "w"):
        pass
    with pytest.raises(PipelineError, match="it holds no description"):
        read_description(tmp_path / "old.h5")


def test_a_link_is_not_followed(model_file, tmp_path):
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file[DATASET] = as_bytes(make_description("secret").model_dump_json())
    for link in (h5py.SoftLink("/elsewhere"), h5py.ExternalLink(str(tmp_path / "secret.h5"), DATASET)):
        with h5py.File(model_file, "r+") as file:
            file["elsewhere"] = as_bytes(make_description("pet").model_dump_json())
            del file[DATASET]
            file[DATASET] = link
        with pytest.raises(PipelineError, match="its description is a link"):
            read_description(model_file)
        with h5py.File(model_file, "r+") as file:
            del file["elsewhere"]


def test_bytes_of_another_file_are_not_read(model_file, tmp_path):
    secret = tmp_path / "secret.json"
    secret.write_text(make_description("secret").model_dump_json())
    size = secret.stat().st_size

    replace_dataset(model_file, shape=(size,), dtype=np.uint8, external=[(str(secret), 0, size)])

    with pytest.raises(PipelineError, match="lie in another file"):
        read_description(model_file)


def test_a_virtual_dataset_is_not_resolved(model_file, tmp_path):
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["text"] = as_bytes(make_description("secret").model_dump_json())
        size = file["text"].size
    layout = h5py.VirtualLayout((size,), np.uint8)
    layout[:] = h5py.VirtualSource(tmp_path / "secret.h5", "text", (size,))
    with h5py.File(model_file, "r+") as file:
        del file[DATASET]
        file.create_virtual_dataset(DATASET, layout)

    with pytest.raises(PipelineError, match="is a virtual dataset"):
        read_description(model_file)


def test_a_compressed_dataset_is_not_unpacked(model_file):
    replace_dataset(model_file, data=np.zeros(10**6, np.uint8), compression="gzip")

    with pytest.raises(PipelineError, match="is compressed or cut in chunks"):
        read_description(model_file)


def test_a_description_that_is_too_large_is_not_read(model_file, monkeypatch):
    """A dataset that was never written takes no room in the file, whatever its size."""
    replace_dataset(model_file, shape=(10**12,), dtype=np.uint8)
    assert model_file.stat().st_size < 10**6

    with pytest.raises(PipelineError, match=r"has 1,000,000,000,000 bytes, at most 16,777,216 are read"):
        read_description(model_file)
    monkeypatch.setattr(descriptions, "MOST_BYTES", 10)
    replace_dataset(model_file, data=np.zeros(11, np.uint8))
    with pytest.raises(PipelineError, match="at most 10 are read"):
        read_description(model_file)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"data": np.zeros((2, 2), np.uint8)}, "no row of bytes"),
        ({"data": np.zeros(4, np.int64)}, "no row of bytes"),
        ({"data": "text of variable length"}, "no row of bytes"),
        ({"data": as_bytes("no JSON")}, "JSON"),
        ({"data": as_bytes("[" * 10**6)}, "JSON"),
        ({"data": as_bytes("{}")}, "Field required"),
    ],
)
def test_what_is_no_description_is_refused(model_file, options, words):
    replace_dataset(model_file, **options)

    with pytest.raises(PipelineError, match=words):
        read_description(model_file)


def test_a_group_in_its_place_is_refused(model_file):
    with h5py.File(model_file, "r+") as file:
        del file[DATASET]
        file.create_group(DATASET)

    with pytest.raises(PipelineError, match="no dataset"):
        read_description(model_file)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d["preparation"].update(side=10**9), "preparation.side"),
        (lambda d: d["preparation"].update(background=[0, 0, 256]), "preparation.background"),
        (lambda d: d.update(classes=["cat", "cat"]), "named twice"),
        (lambda d: d.update(classes=["cat"]), "classes"),
        (lambda d: d.update(members={}), "members"),
        (lambda d: d.update(format=2), "format"),
        (lambda d: d.update(surprise=1), "surprise"),
        (lambda d: d["thresholds"].update(level="0.8"), "no threshold"),
        (lambda d: d["thresholds"]["sets"].update({"0.9": 2.0}), "thresholds.sets"),
        (lambda d: d["members"]["pet"]["familiar"].update(dimensions=2), "another number of dimensions"),
        (lambda d: d["members"]["pet"]["familiar"].update(dimensions=10**6), "familiar.dimensions"),
        (lambda d: d["members"]["pet"]["familiar"].update(scale=0.0), "familiar.scale"),
    ],
)
def test_values_that_cannot_be_are_refused_by_name(model_file, change, words):
    document = json.loads(make_description("pet").model_dump_json())
    change(document)
    replace_dataset(model_file, data=as_bytes(json.dumps(document)))

    with pytest.raises(PipelineError, match=words):
        read_description(model_file)
