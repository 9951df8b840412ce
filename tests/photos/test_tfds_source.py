import cv2
import numpy as np
import pytest

from stacker.artifacts.errors import PipelineError
from stacker.photos.tfds_source import write_tfds
from stacker.settings.fetch import TfdsSource

tfds = pytest.importorskip("tensorflow_datasets", reason="needs the extra tfds")
pytestmark = pytest.mark.extra


def test_write_tfds_writes_the_images_in_class_folders(tmp_path):
    with tfds.testing.mock_data(num_examples=12):
        write_tfds(TfdsSource(kind="tfds", name="cats_vs_dogs"), tmp_path)

    files = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    assert len(files) == 12
    assert {path.parent.name for path in files} <= {"cat", "dog"}
    assert [path.stem for path in sorted(files, key=lambda path: path.stem)] == [f"{k:06d}" for k in range(12)]
    assert all(cv2.imread(str(path)).ndim == 3 for path in files)


def test_write_tfds_puts_every_image_under_its_own_label(tmp_path):
    with tfds.testing.mock_data(num_examples=8):
        write_tfds(TfdsSource(kind="tfds", name="cats_vs_dogs"), tmp_path)
        labels = [int(example["label"]) for example in tfds.load("cats_vs_dogs", split="train").as_numpy_iterator()]

    written = {int(path.stem): path.parent.name for path in tmp_path.rglob("*.*") if path.is_file()}
    assert [written[number] for number in range(8)] == [("cat", "dog")[label] for label in labels]


def test_write_tfds_names_files_after_the_encoding_of_the_data_set(tmp_path):
    with tfds.testing.mock_data(num_examples=10):
        write_tfds(TfdsSource(kind="tfds", name="mnist"), tmp_path)

    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 10
    assert np.unique([path.suffix for path in files]).tolist() == [".png"]


def test_write_tfds_says_so_when_there_is_no_such_data_set(tmp_path):
    with pytest.raises(PipelineError, match=r"fetch\.\*\.name: TensorFlow Datasets has no 'cats_vs_dgos'"):
        write_tfds(TfdsSource(kind="tfds", name="cats_vs_dgos"), tmp_path)


def test_write_tfds_lists_the_keys_when_there_is_none_of_that_name(tmp_path):
    with (
        tfds.testing.mock_data(num_examples=2),
        pytest.raises(PipelineError, match=r"cats_vs_dogs has no key 'class': choose from .*image.*label"),
    ):
        write_tfds(TfdsSource(kind="tfds", name="cats_vs_dogs", label_key="class"), tmp_path)
