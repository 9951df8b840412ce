"""No `.h5` makes Keras run code, read other files or take memory that has nothing to do with the file's size."""

import shutil
import tracemalloc
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from helpers import build_small_member, make_description
from hostile_models import HOSTILE_FILES, compress_zeros, edit_network, put_lambda, put_layer, replace_weights

from stacker.artifacts import hdf5_check, network_bounds, network_config
from stacker.artifacts.errors import PipelineError
from stacker.artifacts.hdf5_check import count_numbers
from stacker.artifacts.saved_models import load_model, save_model


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "pet.h5"
    save_model(build_small_member("pet", 3), path, make_description("pet"))
    return path


@pytest.fixture
def model_file(saved, tmp_path) -> Path:
    return shutil.copy(saved, tmp_path / "pet.h5")


def refuse(path: Path, reason: str) -> None:
    with pytest.raises(
        PipelineError, match=rf"pet\.h5 is refused: {reason}.*delete it, then run `dvc repro train@pet`"
    ):
        load_model(path, "train@pet")


@pytest.mark.parametrize("harm", HOSTILE_FILES, ids=lambda harm: harm.__name__)
def test_what_lies_elsewhere_or_claims_too_much_is_not_read(model_file, harm):
    harm(model_file)

    refuse(model_file, HOSTILE_FILES[harm])


def test_what_keras_would_unpack_is_not_unpacked(model_file):
    compress_zeros(model_file)
    assert model_file.stat().st_size < 200_000

    def measure_peak(load) -> int:
        tracemalloc.start()
        with pytest.raises((PipelineError, ValueError)):
            load()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert measure_peak(lambda: keras.models.load_model(model_file, compile=False)) > 64e6
    assert measure_peak(lambda: load_model(model_file, "train@pet")) < 1e6


def test_many_datasets_in_one_place_are_not_read(model_file):
    """Hard links cost nothing: a thousand names for a megabyte would be read as a gigabyte."""
    with h5py.File(model_file, "r+") as file:
        file["numbers"] = np.zeros(10_000, np.float32)
        for number in range(3):
            file[f"again_{number}"] = file["numbers"]

    refuse(model_file, "its datasets claim more bytes than the file has")


def test_no_more_entries_than_a_model_has_are_looked_at(model_file, monkeypatch):
    monkeypatch.setattr(hdf5_check, "MOST_ENTRIES", 40)
    count_numbers(model_file)
    with h5py.File(model_file, "r+") as file:
        for number in range(40):
            file.create_group(f"group_{number}")

    refuse(model_file, "it has more than 40 groups and datasets")


def test_a_ring_of_groups_comes_to_an_end(model_file):
    with h5py.File(model_file, "r+") as file:
        file["model_weights/ring"] = file["model_weights"]

    refuse(model_file, "(groups are nested more than 64 deep|its datasets claim more bytes)")


@keras.saving.register_keras_serializable("hostile")
class Shouting(keras.layers.Layer):
    """Somebody's own layer, which does more than to calculate."""

    def __init__(self, path: str, **options):
        super().__init__(**options)
        Path(path).write_text("code ran")

    def call(self, images):
        return keras.ops.mean(images, axis=(1, 2))


def test_no_code_of_a_registered_object_runs(model_file, tmp_path):
    edit_network(model_file, lambda network: put_layer(network, "hostile>Shouting", path=str(tmp_path / "ran")))
    keras.models.load_model(model_file, compile=False)
    (tmp_path / "ran").unlink()  # so it did harm

    refuse(model_file, "its network has a part of the class 'hostile>Shouting', which may run code or read files")

    assert not (tmp_path / "ran").exists()


def test_a_lambda_is_refused_before_keras_sees_it(model_file, monkeypatch):
    put_lambda(model_file)
    monkeypatch.setattr(keras.models, "load_model", None)

    refuse(model_file, "its network has a part of the class '__lambda__'")


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        ({"class_name": "Lambda", "config": {"function": "relu"}}, "class 'Lambda'"),
        ({"class_name": "TFSMLayer", "config": {"filepath": "elsewhere"}}, "class 'TFSMLayer'"),
        ({"class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}}, "class 'StringLookup'"),
        ({"class_name": "function", "module": "os", "config": "system", "registered_name": "system"}, "'function'"),
        ({"class_name": "Dense", "module": "mine", "registered_name": "mine>Dense"}, "registered object, 'mine>Dense'"),
        ({"class_name": ["Dense"]}, "class"),
        ({"class_name": "TypeSpec", "type_spec": "x", "serialized": []}, "class 'TypeSpec'"),
        ({"class_name": "deserialize", "config": {}}, "class 'deserialize'"),
    ],
)
def test_no_other_part_than_those_that_calculate_is_built_wherever_it_stands(model_file, part, reason):
    def hide(network):
        network["config"]["layers"][1]["config"]["kernel_initializer"] = [{"deep": part}]

    edit_network(model_file, hide)

    refuse(model_file, f"its network has a .*{reason}")


@pytest.mark.parametrize("text", ["[" * 10**6, '{"a":' * 10**5, "no JSON", "", "\ud800"])
def test_a_network_that_cannot_be_parsed_is_told_in_words(model_file, text):
    with h5py.File(model_file, "r+") as file:
        file.attrs["model_config"] = text.encode("utf-8", "surrogatepass")

    refuse(model_file, "its network is no JSON that can be read")


def test_a_network_that_is_described_in_too_many_words_is_not_parsed(model_file, monkeypatch):
    monkeypatch.setattr(network_config, "MOST_CHARACTERS", 1000)

    refuse(model_file, r"its network is described in \d,\d{3} characters, at most 1,000 are read")


@pytest.mark.parametrize("value", [None, 3, np.zeros(3), ["{}", "{}"]])
def test_a_file_without_a_network_is_told(model_file, value):
    with h5py.File(model_file, "r+") as file:
        del file.attrs["model_config"]
        if value is not None:
            file.attrs["model_config"] = value

    refuse(model_file, "it holds no network: its `model_config` is missing, or no text")


def test_a_layer_for_which_the_file_has_no_weights_is_not_built(model_file):
    def swell(network):
        logits = next(layer for layer in network["config"]["layers"] if layer["config"]["name"] == "logits")
        logits["config"]["units"] = 10**7

    edit_network(model_file, swell)
    add_weight = keras.Layer.add_weight

    refuse(model_file, r"its network has more weights than the [\d,]+ numbers in it, first in 'logits'")

    assert keras.Layer.add_weight is add_weight


def test_a_file_holds_as_many_numbers_as_its_network_has_weights(saved):
    numbers = build_small_member("pet", 3).count_params() + len(make_description("pet").model_dump_json())

    assert count_numbers(saved) == numbers
    assert load_model(saved, "train@pet").name == "pet"


@pytest.mark.parametrize(
    ("sides", "padding", "reason"),
    [
        (
            (8, 8),
            20_000,
            r"its layer 'pad' gives \(None, 40008, 40008, 3\) for a photo, more than 268,435,456 numbers",
        ),
        ((None, 8), 1, r"what its layer 'pet' gives has no fixed shape, \(None, None, 8, 3\)"),
    ],
)
def test_a_layer_that_would_fill_the_memory_with_one_photo_is_refused(tmp_path, sides, padding, reason):
    images = keras.Input((*sides, 3), name="pet")
    padded = keras.layers.ZeroPadding2D(padding, name="pad")(images)
    inner = keras.Model(images, keras.layers.GlobalAveragePooling2D(name="pool")(padded), name="inner")
    outer = keras.Input((*sides, 3), name="pet")
    save_model(keras.Model(outer, inner(outer), name="pet"), tmp_path / "pet.h5", make_description("pet"))

    refuse(tmp_path / "pet.h5", reason)


def test_the_largest_image_fits_through_the_first_layer_of_vgg():
    assert network_bounds.MOST_VALUES == 2048 * 2048 * 64


def test_a_file_with_another_ending_is_not_taken_for_an_archive(model_file, tmp_path):
    """An HDF5 file may end in a zip archive: called `.keras`, Keras would read that one."""
    path = model_file.rename(tmp_path / "pet.keras")

    with pytest.raises(PipelineError, match=r"pet\.keras is refused: its name does not end in \.h5"):
        load_model(path, "train@pet")


def test_all_but_plain_numbers_can_be_empty_or_small(model_file):
    """An array without numbers has no place in the file, and one of a few may lie in its header."""
    replace_weights(model_file, "model_weights/logits/logits/bias", data=np.empty((0, 3), np.float32))
    count_numbers(model_file)


@pytest.mark.parametrize(("heads", "is_refused"), [(20, False), (40, True)])
def test_attention_of_each_place_for_each_is_bounded_as_what_layers_give_is(tmp_path, heads, is_refused):
    images = keras.Input((32, 32, 3), name="pet")
    tokens = keras.layers.Reshape((3072, 1))(images)  # 3,072 x 3,072 for each head
    attended = keras.layers.MultiHeadAttention(heads, 1)(tokens, tokens)
    answers = keras.layers.Dense(1, "sigmoid")(keras.layers.Flatten()(attended))
    save_model(keras.Model(images, answers, name="pet"), tmp_path / "pet.h5", make_description("pet"))

    if is_refused:
        refuse(tmp_path / "pet.h5", r"its layer '.*' gives \(None, 40, 3072, 3072\) for a photo, more than")
    else:
        load_model(tmp_path / "pet.h5", "train@pet")
