"""What members and ensembles of earlier settings left behind goes; what is not the pipeline's stays."""

import json
from pathlib import Path

import h5py
import pytest
import yaml

from stacker.artifacts.leftovers import sweep_all, sweep_inputs_of_fuse, sweep_inputs_of_stack

OF_MEMBER = (
    "data/features/{}/train.npy",
    "models/members/{}.h5",
    "data/predictions/members/{}.npz",
    "plots/curves/{}.csv",
    "metrics/{}.json",
    "metrics/details/{}.json",
)
OF_ENSEMBLE = (
    "models/{}.h5",
    "data/predictions/ensembles/{}.npz",
    "data/predictions/leave_one_out/{}.npz",
    "plots/curves/{}.csv",
    "metrics/{}.json",
    "metrics/details/{}.json",
)


def write(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()


def write_model(path: str, name: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps({"class_name": "Functional", "config": {"name": name}})


def write_lock(*outputs: str) -> None:
    stages = {f"stage@{number}": {"cmd": "x", "outs": [{"path": path}]} for number, path in enumerate(outputs)}
    Path("dvc.lock").write_text(yaml.safe_dump({"schema": "2.0", "stages": {**stages, "bare": {"cmd": "x"}}}))


def list_files() -> set[str]:
    folders = ("data", "models", "metrics", "plots")
    return {path.as_posix() for folder in folders for path in Path(folder).rglob("*") if path.is_file()}


def fill(patterns: tuple[str, ...], *labels: str) -> set[str]:
    names = {pattern.format(label) for pattern in patterns for label in labels}
    write(*names)
    return names


@pytest.mark.parametrize(
    "output", ["data/features/gone", "models/members/gone.h5", "data/predictions/members/gone.npz"]
)
def test_a_member_that_dvcs_lock_knows_goes_with_all_that_it_left(workspace, capsys, output):
    kept = fill(OF_MEMBER, "first", "second") | fill(OF_ENSEMBLE, "boss")
    gone = fill(OF_MEMBER, "gone")
    write_lock(output)

    sweep_all(["first", "second"], ["boss"])

    assert list_files() == kept
    printed = capsys.readouterr().out.splitlines()
    removed = sorted(f"removed {name.removesuffix('/train.npy')}: earlier settings left it behind" for name in gone)
    assert sorted(printed) == removed
    assert not Path("data/features/gone").exists()


@pytest.mark.parametrize("output", ["models/gone.h5", "data/predictions/ensembles/gone.npz"])
def test_an_ensemble_that_dvcs_lock_knows_goes_with_all_that_it_left(workspace, output):
    kept = fill(OF_MEMBER, "first") | fill(OF_ENSEMBLE, "boss")
    fill(OF_ENSEMBLE, "gone")
    write_lock(output)

    sweep_all(["first"], ["boss"])

    assert list_files() == kept


def test_predictions_where_earlier_versions_wrote_them_go(workspace, capsys):
    kept = fill(OF_MEMBER, "first") | {"data/predictions/notes.npz"}
    write("data/predictions/first.npz", "data/predictions/notes.npz")
    write_lock("data/features/first")

    sweep_all(["first"], [])

    assert list_files() == kept
    assert capsys.readouterr().out == "removed data/predictions/first.npz: earlier settings left it behind\n"


def test_without_ensembles_none_is_left(workspace):
    kept = fill(OF_MEMBER, "first")
    fill(OF_ENSEMBLE, "ensemble")
    write_lock("models/ensemble.h5")

    sweep_all(["first"], [])

    assert list_files() == kept


def test_a_member_is_known_by_the_name_in_its_model_where_the_lock_is_silent(workspace):
    kept = fill(OF_MEMBER, "first")
    write("metrics/gone.json", "plots/curves/gone.csv", "metrics/other.json")
    write_model("models/members/gone.h5", "gone")
    write_lock("models/members/first.h5")

    sweep_all(["first"], [])

    assert list_files() == kept | {"metrics/other.json"}


def test_an_ensemble_is_known_by_the_name_in_its_model(workspace):
    write("metrics/gone.json")
    write_model("models/gone.h5", "gone")

    sweep_all(["first"], ["boss"])

    assert list_files() == set()


def test_a_member_is_known_by_what_its_features_say_of_themselves(workspace):
    write("data/features/gone/provenance.json", "data/features/gone/train.npy", "metrics/gone.json")
    write("data/features/mine/notes.npy")

    sweep_all(["first"], ["boss"])

    assert list_files() == {"data/features/mine/notes.npy"}


def test_a_users_copy_of_a_model_is_named_and_stays(workspace, capsys):
    write_model("models/members/backup.h5", "first")  # a copy bears the name of what was copied
    write_model("models/members/first.h5", "first")
    write("models/members/notes.txt", "data/predictions/members/mine.npz", "models/members/folder/inner.txt")
    before = list_files()

    sweep_all(["first"], [])

    assert list_files() == before
    printed = capsys.readouterr().out
    for name in ("models/members/backup.h5", "models/members/notes.txt", "models/members/folder"):
        assert f"{name} is not the pipeline's: it stays, but as models/members is compared whole" in printed
    assert "data/predictions/members/mine.npz is not the pipeline's" in printed
    assert "removed" not in printed


def test_a_file_of_another_kind_that_bears_a_known_name_stays(workspace, capsys):
    write("models/members/gone.txt", "metrics/gone.csv")
    write_lock("models/members/gone.h5")

    sweep_all(["first"], [])

    assert list_files() == {"models/members/gone.txt", "metrics/gone.csv"}
    assert "models/members/gone.txt is not the pipeline's" in capsys.readouterr().out


OF_MEMBERS = ("models/members/mine.txt", "data/predictions/members/mine.txt")
OF_BOTH = ("data/predictions/ensembles/mine.txt", "data/predictions/leave_one_out/mine.txt", "plots/curves/mine.txt")


def test_a_strangers_file_is_named_in_every_folder_that_a_stage_depends_on_whole(workspace, capsys):
    named = (*OF_MEMBERS, *OF_BOTH)
    write(*named)

    sweep_all(["first"], ["boss"])

    assert list_files() == {*OF_MEMBERS, *OF_BOTH}
    printed = capsys.readouterr().out.splitlines()
    assert sorted(line.partition(" is not the pipeline's: it stays, but as ")[0] for line in printed) == sorted(named)


def test_what_no_stage_depends_on_whole_is_not_even_named(workspace, capsys):
    names = {f"{folder}/{name}" for folder in ("metrics", "models", "plots/roc") for name in ("mine.csv", "README.md")}
    names |= {"metrics/mine.json", "plots/confusion/mine.csv", "plots/confusion/README.md"}
    write(*names)

    sweep_all(["first"], ["boss"])

    assert list_files() == names
    assert capsys.readouterr().out == ""


def test_the_leaderboard_stays(workspace, capsys):
    write("metrics/details/leaderboard.json", "metrics/leaderboard.md", "plots/leaderboard.png")
    write_lock("metrics/details/leaderboard.json", "models/members/gone.h5")

    sweep_all(["first"], ["boss"])

    assert list_files() == {"metrics/details/leaderboard.json", "metrics/leaderboard.md", "plots/leaderboard.png"}
    assert capsys.readouterr().out == ""


def test_hidden_files_and_those_that_are_being_written_are_let_be(workspace, capsys):
    names = {"models/members/.gitignore", "models/members/.partial-gone-x/gone.h5", "plots/curves/.partial-gone/x.csv"}
    write(*names)
    write_lock("models/members/gone.h5")

    sweep_all(["first"], [])

    assert list_files() == names
    assert capsys.readouterr().out == ""


def test_a_file_that_only_looks_like_a_model_is_no_reason_to_delete(workspace, capsys):
    write("metrics/notes.json", "metrics/arrays.json")
    Path("models/members").mkdir(parents=True)
    Path("models/members/notes.h5").write_text("no HDF5 file")
    with h5py.File("models/members/arrays.h5", "w") as file:
        file["values"] = [1.0]
    before = list_files()

    sweep_all(["first"], [])

    assert list_files() == before
    assert "removed" not in capsys.readouterr().out


@pytest.mark.parametrize("count", range(10))
def test_a_sweep_that_was_killed_is_finished_by_the_next(workspace, monkeypatch, count):
    kept = fill(OF_MEMBER, "first") | fill(OF_ENSEMBLE, "boss")
    fill(OF_MEMBER, "gone")
    fill(OF_ENSEMBLE, "old")
    write("data/features/gone/provenance.json")
    write_model("models/members/gone.h5", "gone")
    write_model("models/old.h5", "old")
    removed = []

    def stop(line: str) -> None:
        removed.append(line)
        if len(removed) > count:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("stacker.artifacts.leftovers.print", stop, raising=False)
        with pytest.raises(KeyboardInterrupt):
            sweep_all(["first"], ["boss"])
    sweep_all(["first"], ["boss"])

    assert list_files() == kept


@pytest.mark.parametrize(
    ("sweep", "known_by", "own"),
    [
        (sweep_inputs_of_fuse, "data/features/gone/provenance.json", OF_MEMBER[:1]),
        (sweep_inputs_of_stack, "models/members/gone.h5", OF_MEMBER[1:3]),
    ],
)
def test_a_stage_sweeps_its_own_inputs_and_what_only_they_tell_the_label_of(workspace, sweep, known_by, own):
    """Back in Git alone the lock knows the label no more: when `compare` looks, its features and model are gone."""
    fill(OF_MEMBER, "first", "gone")
    fill(OF_ENSEMBLE, "boss", "old")
    Path(known_by).unlink(missing_ok=True)
    write_model(known_by, "gone") if known_by.endswith(".h5") else write(known_by)
    before = list_files()

    sweep(["first"], ["boss"])

    nameless = ("plots/curves/{}.csv", "metrics/{}.json", "metrics/details/{}.json")
    assert before - list_files() == {pattern.format("gone") for pattern in (*own, *nameless)} | {known_by}


def test_where_nothing_was_written_yet_there_is_nothing_to_sweep(workspace, capsys):
    sweep_all(["first"], ["boss"])

    assert capsys.readouterr().out == ""


def test_an_empty_lock_knows_nothing(workspace):
    Path("dvc.lock").touch()
    write("models/members/gone.h5")

    sweep_all(["first"], [])

    assert list_files() == {"models/members/gone.h5"}


def test_checkpoints_of_a_member_that_is_gone_go_and_others_stay(workspace, capsys):
    write(".checkpoints/kept/01/final/all.npz", ".checkpoints/gone/01/final/all.npz")

    sweep_all(["kept"], [])

    assert [path.name for path in Path(".checkpoints").iterdir()] == ["kept"]
    assert capsys.readouterr().out == "removed .checkpoints/gone: earlier settings left it behind\n"
