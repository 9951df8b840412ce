from pathlib import Path

import pytest
from helpers import write_edited
from pydantic import TypeAdapter

from stacker.artifacts.errors import PipelineError
from stacker.settings.backend import load_backend
from stacker.settings.data import load_data
from stacker.settings.fetch import load_source
from stacker.settings.inference import load_inference
from stacker.settings.meta_models import load_ensemble_check, load_meta_model
from stacker.settings.reading import PARAMS, read_block, read_labels, validate
from stacker.settings.stacking import load_stacking
from stacker.settings.whole import load_settings


def test_load_settings_says_what_to_do_when_the_file_is_missing(workspace):
    PARAMS.unlink()

    with pytest.raises(PipelineError, match=r"params.yaml is missing: copy one from profiles/"):
        load_settings()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [1", "not valid YAML"),
        ("- 1\n- 2", r"expected settings, such as `backend: tensorflow`, a line each; received \[1, 2\]"),
        ("", "received null"),
    ],
)
def test_load_settings_refuses_a_file_that_is_no_mapping(workspace, text, words):
    PARAMS.write_text(text, encoding="utf-8")

    with pytest.raises(PipelineError, match=words):
        load_settings()


def test_read_labels_sorts_them(workspace):
    write_edited({"members.a_third": {"backbone": "VGG16"}})

    assert read_labels("members") == ["a_third", "first", "second"]


LOADERS = {
    "data": load_data,
    "stacking": load_stacking,
    "inference": load_inference,
    "ensemble_check": load_ensemble_check,
    "backend": load_backend,
}


@pytest.mark.parametrize("block", LOADERS)
def test_a_block_is_the_same_read_alone_as_in_the_whole(workspace, block):
    assert LOADERS[block]() == getattr(load_settings(), block)


@pytest.mark.parametrize("block", ["data", "stacking", "inference", "ensemble_check"])
def test_a_block_read_alone_is_checked(workspace, block):
    write_edited({f"{block}.colour": "red"})

    with pytest.raises(PipelineError, match=rf"1 wrong setting in params\.yaml:\n  {block}\.colour: there is no such"):
        LOADERS[block]()


def test_the_backend_read_alone_is_checked(workspace):
    write_edited({"backend": "theano"})

    with pytest.raises(PipelineError, match=r"\n  backend: expected `tensorflow`, .*; received 'theano'$"):
        load_backend()


@pytest.mark.parametrize("block", LOADERS)
def test_a_block_that_is_missing_is_named(workspace, block):
    write_edited({block: "DELETE"})

    with pytest.raises(PipelineError, match=rf"params\.yaml: {block}: this .* is missing: add `{block}: "):
        LOADERS[block]()


def test_a_block_is_read_whatever_is_wrong_in_another(workspace):
    write_edited({"training.epochs": "ten", "meta_models.ensemble.hidden": "many"})

    assert load_data().images == "photos"
    assert read_block("training")["epochs"] == "ten"


def test_load_meta_model_takes_any_label_and_lists_those_there_are(workspace):
    write_edited({"meta_models.boss": {"fit": "adam", "hidden": [], "epochs": 9}, "meta_models.ensemble": {}})

    assert (load_meta_model("boss").hidden, load_meta_model("boss").epochs) == ([], 9)
    assert (load_meta_model("ensemble").fit, load_meta_model("ensemble").spread) == ("penalised", "auto")
    with pytest.raises(PipelineError, match="meta_models has no 'chief': choose from ensemble, boss"):
        load_meta_model("chief")


def test_load_meta_model_names_a_wrong_setting(workspace):
    write_edited({"meta_models.ensemble": {"fit": "adam", "epochs": 0}})

    with pytest.raises(
        PipelineError, match=r"meta_models\.ensemble\.epochs: expected a whole number of at least 1; received 0"
    ):
        load_meta_model("ensemble")


@pytest.mark.parametrize(("load", "block"), [(load_meta_model, "meta_models"), (load_source, "fetch")])
def test_an_empty_mapping_offers_no_choice(workspace, load, block):
    write_edited({block: {}})

    with pytest.raises(PipelineError, match=rf"{block} has no 'x': choose from \(it is empty\)"):
        load("x")


def test_load_source_gives_the_source_of_that_name(workspace):
    write_edited({"fetch": {"a": {"kind": "digits", "classes": "digit"}, "b": {"kind": "digits"}}})

    assert (load_source("a").classes, load_source("b").classes) == ("digit", "parity")


def test_load_source_lists_those_there_are_and_names_a_wrong_setting(workspace):
    write_edited({"fetch": {"cats": {"kind": "archive", "url": "cats.zip"}, "digits": {"kind": "digits"}}})

    with pytest.raises(PipelineError, match=r"^fetch has no 'dogs': choose from cats, digits$"):
        load_source("dogs")
    with pytest.raises(PipelineError, match=r"\n  fetch\.cats\.url: .*; received 'cats\.zip'$"):
        load_source("cats")


def test_every_key_that_dvc_does_not_see_is_named_with_its_place(workspace):
    write_edited({"size": 1, "data.splits.nfiles": 2, "fetch": {"a": {"list": [0, {"size": 3}]}}})

    with pytest.raises(PipelineError, match=r"^params\.yaml: (.*): a key named `size` or `nfiles` is") as caught:
        load_settings()

    named = str(caught.value).removeprefix("params.yaml: ").partition(": ")[0]
    assert sorted(named.split(", ")) == ["data.splits.nfiles", "fetch.a.list.1.size", "size"]


def test_a_wrong_setting_of_another_file_is_named_with_that_file(workspace):
    write_edited({"stacking.folds": 1})
    other = PARAMS.rename("other.yaml")

    with pytest.raises(PipelineError, match=r"^1 wrong setting in other\.yaml:\n  stacking\.folds: "):
        load_settings(other)


def test_validate_names_the_file_and_the_place_in_it():
    schema = TypeAdapter(dict[str, int])

    with pytest.raises(PipelineError, match=r"^1 wrong setting in a\.yaml:\n  b: .*; received 'x'$"):
        validate(schema, {"b": "x"}, "", Path("a.yaml"))
    with pytest.raises(PipelineError, match=r"^1 wrong setting in params\.yaml:\n  c\.d\.b: .*; received 'x'$"):
        validate(schema, {"b": "x"}, "c.d")


def test_load_settings_reads_small_numbers_as_dvc_exp_run_writes_them(workspace):
    write_edited({"training.learning_rate": 123.5})
    text = Path("params.yaml").read_text(encoding="utf-8")
    Path("params.yaml").write_text(text.replace("123.5", "1e-05"), encoding="utf-8")

    assert load_settings().members["first"].training.learning_rate == 1e-5
