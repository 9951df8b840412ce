"""What a user reads of a wrong setting, word for word."""

import re
from itertools import product

import pytest
from helpers import write_edited
from pydantic import TypeAdapter

from stacker.artifacts.errors import PipelineError
from stacker.settings.backbone import Backbone
from stacker.settings.backend import load_backend
from stacker.settings.cross_validation import CrossValidation
from stacker.settings.data import Data, Splits, load_data
from stacker.settings.fetch import ArchiveSource, DigitsSource, TfdsSource
from stacker.settings.inference import Inference
from stacker.settings.members import Head, Member, load_member
from stacker.settings.meta_models import AdamMetaModel, EnsembleCheck, PenalisedMetaModel
from stacker.settings.reading import validate
from stacker.settings.stacking import Stacking
from stacker.settings.training import Augmentation, FineTune, Training
from stacker.settings.whole import load_settings

SIDE = "expected a whole number from 32 to 2048, the side of a square in pixels"
SQUARE = "`image_size` is the side of a square, and `data.fit` says how a photo becomes one; see README"
COUNT = "expected a whole number of at least 1"
HEAD = "members.first.head"

MESSAGES = [
    # keys that there are not
    ({"training.epoch": 3}, "training.epoch: there is no such setting: did you mean `epochs`?"),
    (
        {"training.LEARNING_RATES": 3},
        "training.LEARNING_RATES: there is no such setting: did you mean `learning_rate`?",
    ),
    ({"inference.qqq": 3}, "inference.qqq: there is no such setting: choose from engine, precision, batch_size"),
    ({"data.pooling": "max"}, "data.pooling: there is no such setting here: it stands at `backbone.pooling`"),
    (
        {"members.first.epochs": 3},
        "members.first.epochs: there is no such setting here: it stands at `members.first.training.epochs`",
    ),
    (
        {"training.dropout": 0.5},
        "training.dropout: there is no such setting here: it stands at `members.<label>.head.dropout`",
    ),
    ({"training.epochs:3": None}, "training.epochs:3: a space is missing behind the colon"),
    (
        {"meta_models.ensemble.epochs": 3},
        "meta_models.ensemble.epochs: this setting goes with `fit: adam` alone: remove it, or write that too",
    ),
    (
        {"fetch": {"a": {"kind": "digits", "url": "http://x/y.zip"}}},
        "fetch.a.url: this setting goes with `kind: archive` alone: remove it, or write that too",
    ),
    ({"training": {1: 3}}, "training: a key is text; received 1 (YAML takes it for a number: put it in quotes)"),
    (
        {"fetch": {7: {"kind": "digits"}}},
        "fetch.7: a label is a lower-case letter, then lower-case letters, digits or "
        "'_', 41 characters at most; received 7",
    ),
    # a slip of the pen is one mistake, not a missing setting and one too many
    ({"stacking": "DELETE", "staking": {}}, "staking: there is no such setting: did you mean `stacking`?"),
    (
        {"training.fine_tune": {"layer": 3}},
        "training.fine_tune.layer: there is no such setting: did you mean `layers`?",
    ),
    # missing ones
    ({"data.images": "DELETE"}, "data.images: this setting is missing: expected the name of a folder"),
    (
        {"fetch": {"a": {"classes": "digit"}}},
        "fetch.a.kind: this setting is missing: expected `digits`, `archive` or `tfds`",
    ),
    # what is not supported
    ({"training.loss": "focal"}, "training.loss: not supported: another loss than cross-entropy; see README"),
    (
        {"data.Labels-CSV": "labels.csv"},
        "data.Labels-CSV: not supported: labels from a file, or several a photo; its one label is the folder that a "
        "photo lies in; see README",
    ),
    (
        {"task": "regression"},
        "task: not supported: regression, detection, segmentation, or several labels a photo; see README",
    ),
    ({"data.width": 320}, f"data.width: not supported: rectangles; {SQUARE}"),
    (
        {"data.image_size": [224, 320]},
        f"data.image_size: {SIDE}; received [224, 320] (not supported: rectangles; {SQUARE})",
    ),
    (
        {"data.image_size": "224x320"},
        f"data.image_size: {SIDE}; received '224x320' (not supported: rectangles; {SQUARE})",
    ),
    (
        {HEAD: {"output": "linear"}},
        f"{HEAD}.output: expected `auto`, `sigmoid` or `softmax`; received 'linear' (not supported: regression, "
        "detection, segmentation, or several labels a photo; see README)",
    ),
    # types and ranges
    ({"data.image_size": 16}, f"data.image_size: {SIDE}; received 16"),
    ({"data.image_size": "big"}, f"data.image_size: {SIDE}; received 'big'"),
    ({"data.image_size": None}, f"data.image_size: {SIDE}; received null"),
    ({"training.epochs": {"a": 1}}, f"training.epochs: {COUNT}; received a block of settings"),
    ({"training.seed": 2**31}, f"training.seed: expected a whole number from 0 to {2**31 - 1}; received {2**31}"),
    ({"backbone.trainable": 1}, "backbone.trainable: expected `true` or `false`; received 1"),
    (
        {"members.first.backbone": 50},
        "members.first.backbone: expected the name of a backbone, such as `Xception` (docs/backbones.md has all), or a "
        "block of settings, such as `{weights: imagenet}`; received 50",
    ),
    (
        {"training.augmentation": ["zoom"]},
        "training.augmentation: expected a block of settings, such as `{rotation_degrees: 0.0}`, or `null`; received "
        '["zoom"]',
    ),
    ({HEAD: {"hidden": [8, "a"]}}, f"{HEAD}.hidden.1: {COUNT}; received 'a'"),
    (
        {HEAD: {"hidden": 64}},
        f"{HEAD}.hidden: expected a list, each entry a whole number of at least 1; received 64 "
        "(a list has brackets: write [64])",
    ),
    (
        {HEAD: {"hidden": None}},
        f"{HEAD}.hidden: expected a list, each entry a whole number of at least 1; received "
        "null (write [] for an empty list)",
    ),
    (
        {"data.background": [0, 0]},
        "data.background: expected a list of 3, each entry a whole number from 0 to 255; received [0, 0]",
    ),
    (
        {"training.fine_tune": {"layers": []}},
        "training.fine_tune.layers: expected `all`, or a whole number of at least 1, or the name of the first layer to "
        "train; received []",
    ),
    (
        {"meta_models.ensemble": None},
        "meta_models.ensemble: expected a block of settings, such as `{fit: penalised}`; received null (write {} for "
        "an empty block)",
    ),
    (
        {"cross_validation": {"folds": 5}},
        "cross_validation.folds: expected a block of settings, such as `{folds: 5}`; received 5 (a label is missing "
        "above it: write cross_validation: {<label>: {folds: ...}})",
    ),
    (
        {"meta_models": {"hidden": [3]}},
        "meta_models.hidden: expected a block of settings, such as `{fit: penalised}`; "
        "received [3] (a label is missing above it: write meta_models: {<label>: {hidden: ...}})",
    ),
    (
        {"backbone.weights": "None"},
        "backbone.weights: random weights are written `null`, without quotes; received 'None'",
    ),
    ({"backbone.weights": "ImageNet"}, "backbone.weights: write `imagenet`, in small letters; received 'ImageNet'"),
    # what YAML makes of a text
    (
        {"data.image_size": "224"},
        f"data.image_size: {SIDE}; received '224' (quotes make it text: write 224 without them)",
    ),
    (
        {"training.learning_rate": "1.0e-4"},
        "training.learning_rate: expected a number above 0; received '1.0e-4' (quotes "
        "make it text: write 1.0e-4 without them)",
    ),
    (
        {"training.learning_rate": "0,001"},
        "training.learning_rate: expected a number above 0; received '0,001' (a "
        "number has a decimal point, and no sign of per cent: write 0.001)",
    ),
    (
        {"data.splits.test": "34%"},
        "data.splits.test: expected a number above 0 and below 1, or the name of a folder; "
        "received '34%' (a number has a decimal point, and no sign of per cent: write 0.34)",
    ),
    (
        {"backbone.trainable": "true"},
        "backbone.trainable: expected `true` or `false`; received 'true' (quotes make it "
        "text: write true without them)",
    ),
    (
        {"training.epochs": 100.0},
        f"training.epochs: {COUNT}; received 100.0 (a whole number has neither point nor exponent: write 100)",
    ),
    (
        {"training.patience": "None"},
        f"training.patience: {COUNT}, or `null`; received 'None' (YAML's word for it is null, without quotes)",
    ),
    (
        {"training.patience": False},
        f"training.patience: {COUNT}, or `null`; received false (YAML reads `off`, `no` and "
        "`false` alike: write null to switch it off)",
    ),
    (
        {"training.class_weights": True},
        "training.class_weights: expected `balanced` or `null`; received true (YAML "
        "reads `on`, `yes` and `true` alike)",
    ),
    (
        {"data.images": False},
        "data.images: expected the name of a folder; received false (YAML reads `off`, `no` and "
        "`false` alike: text needs quotes)",
    ),
    (
        {"data.images": 2024},
        "data.images: expected the name of a folder; received 2024 (YAML takes it for a number: put it in quotes)",
    ),
    (
        {"training": "epochs:3"},
        "training: expected a block of settings, such as `{solver: auto}`; received 'epochs:3' "
        "(is a space missing behind the colon?)",
    ),
    # of what holds of several members, one line
    (
        {"training.warmup_epochs": 3},
        "members.first and members.second: `training.warmup_epochs` needs `training.schedule: cosine`, received "
        "constant: set one of them",
    ),
    (
        {"cross_validation": {"outer": {}}, "backbone.trainable": True},
        "cross_validation: it repeats the whole procedure on kept features, and first and second learn from images: "
        "set `cross_validation: {}`, or take away `backbone.trainable`, `training.augmentation` and "
        "`training.fine_tune`",
    ),
    (
        {"resources": {"frist": {"gpus": 1}}},
        "resources.frist: there is no such member or ensemble: choose from first, second, ensemble",
    ),
]


@pytest.mark.parametrize(("changes", "line"), MESSAGES, ids=[line[:60] for _, line in MESSAGES])
def test_one_mistake_is_one_line(workspace, changes, line):
    write_edited(changes)

    with pytest.raises(PipelineError) as caught:
        load_settings()

    assert str(caught.value) == f"1 wrong setting in params.yaml:\n  {line}"


def test_mistakes_of_all_kinds_are_counted_together(workspace):
    write_edited(
        {
            "training": {"epochs": 5, "patience": 3},
            "members.first.backbone": "Xception",
            "members.audit": {"backbone": "VGG16"},
        }
    )

    with pytest.raises(PipelineError) as caught:
        load_settings()

    first, *lines = str(caught.value).splitlines()
    assert first == "4 wrong settings in params.yaml:"
    assert [line.partition(": ")[0] for line in lines] == [
        "  members.first",
        "  members.audit",
        "  training.epochs",
        "  training.patience",
    ]


def test_a_stage_that_reads_one_block_says_the_same(workspace):
    write_edited({"data.image_size": "224", "training.epochs": "ten", "backend": "jaks", "data.folds": 3})

    with pytest.raises(PipelineError, match=r"^2 wrong settings .*\n  data\.image_size: expected .* \(quotes make"):
        load_data()
    with pytest.raises(PipelineError, match=r"\n  training\.epochs: expected a whole number .*; received 'ten'$"):
        load_member("first")
    with pytest.raises(PipelineError, match="\n  backend: expected `tensorflow`, `jax` or `torch`; received 'jaks'$"):
        load_backend()


def test_a_block_read_alone_does_not_guess_where_a_setting_stands_in_the_file(workspace):
    write_edited({"members.first.output": "sigmoid"})

    with pytest.raises(PipelineError, match=r"no such setting: choose from backbone, head, training$"):
        load_member("first")
    with pytest.raises(PipelineError, match=r"no such setting here: it stands at `members\.first\.head\.output`$"):
        load_settings()


BLOCKS = {  # a block of each kind with the settings that it must have
    Augmentation: {},
    ArchiveSource: {"kind": "archive", "url": "http://x/y.zip"},
    AdamMetaModel: {"fit": "adam"},
    Backbone: {"name": "VGG16"},
    CrossValidation: {},
    Data: {"images": "photos"},
    DigitsSource: {"kind": "digits"},
    EnsembleCheck: {},
    FineTune: {"layers": 3},
    Head: {},
    Inference: {},
    Member: {"backbone": "VGG16"},
    PenalisedMetaModel: {},
    Splits: {"train": "photos"},
    Stacking: {},
    TfdsSource: {"kind": "tfds", "name": "cats"},
    Training: {},
}
WRONG_VALUES = [None, True, -1, 0, 1.5, 10**12, float("nan"), "?", "None", [], [None], {}]


@pytest.mark.parametrize("section", BLOCKS, ids=lambda section: section.__name__)
def test_no_setting_is_explained_in_the_words_of_pydantic(section):
    schema = TypeAdapter(section)
    for key, value in product(section.model_fields, WRONG_VALUES):
        try:
            validate(schema, {**BLOCKS[section], key: value}, "block")
        except PipelineError as error:
            first, *lines = str(error).splitlines()
            assert len(lines) == 1, f"{key}: {value}"
            assert first == "1 wrong setting in params.yaml:"
            assert re.match(rf"  block\.{key}\b", lines[0]), lines[0]
            assert not re.search(r"should|\bvalid\b|Unable|tag|expected ;", lines[0]), lines[0]


@pytest.mark.parametrize("section", BLOCKS, ids=lambda section: section.__name__)
def test_every_setting_refuses_a_list_of_nothing(section):
    schema = TypeAdapter(section)
    for key in section.model_fields:
        with pytest.raises(PipelineError, match=rf"^1 wrong setting in params\.yaml:\n  block\.{key}\b"):
            validate(schema, {**BLOCKS[section], key: [None]}, "block")
