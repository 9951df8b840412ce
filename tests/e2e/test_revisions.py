"""`stacker compare` between a Git revision and the working tree, in a real repository of Git and DVC."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from compare_project import write_project
from typer.testing import CliRunner

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.results import LEADERBOARD
from stacker.artifacts.revisions import Revision
from stacker.cli import app
from stacker.scoring.revision_changes import HELD_OUT, TEST, compare_revisions
from stages import compare

pytestmark = pytest.mark.thorough

BEFORE = {"first": 0.3, "second": 1.5, "third": 1.0}  # how much each knows
AFTER = {"first": 3.0, "second": 1.5, "fourth": 1.0}


def run(*command: str) -> None:
    identity = {f"GIT_{role}_{what}": "e2e" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, **identity, "DVC_NO_ANALYTICS": "1"})


def write_results(members: dict[str, float]) -> None:
    write_project(members)
    compare.main()


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The branch `main` with its results; other ones in the working tree."""
    folder = tmp_path_factory.mktemp("revisions")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(compare, "draw_pictures", lambda *arguments: None)
        run("git", "init", "--quiet", "--initial-branch", "main")
        run("dvc", "init", "--quiet")
        write_results(BEFORE)
        run("dvc", "add", "--quiet", "data/arrays", "data/predictions")
        run("git", "add", "--all")
        run("git", "commit", "--quiet", "--message", "before")
        for name in ("data/arrays", "data/predictions"):
            run("dvc", "unprotect", name)
        write_results(AFTER)
    return folder


@pytest.fixture(autouse=True)
def project(built, tmp_path, monkeypatch):
    copy = shutil.copytree(built, tmp_path / "project")
    monkeypatch.chdir(copy)
    return copy


def describe(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["compare", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_a_change_that_is_more_than_noise_is_marked_and_another_is_not():
    lines = {line.split()[0]: line.split() for line in describe("main").splitlines() if line}

    assert [word[-1] for word in lines["first"][3::3]] == ["*", "*", "*"]
    assert lines["second"][3::3] == ["=", "=", "="]
    assert lines["third"][2::2] == ["-", "-", "-"]  # before and now, three times
    assert lines["fourth"][1::2] == ["-", "-", "-"]
    assert lines["added:"] == ["added:", "fourth"]
    assert lines["gone:"] == ["gone:", "third"]
    assert "?" not in " ".join(lines)


def test_the_difference_is_the_second_less_the_first_and_of_both_kinds_of_rows():
    revisions = (Revision("main"), Revision(None))
    boards = tuple(revision.load_json(LEADERBOARD) for revision in revisions)

    first = next(change for change in compare_revisions(revisions, boards) if change.title == "first")

    for rows, key in ((HELD_OUT, "heldout"), (TEST, "test")):
        difference = boards[1][f"members.first.{key}.log_loss"] - boards[0][f"members.first.{key}.log_loss"]
        assert difference < -0.1
        assert first.compared[rows].loss_difference == pytest.approx(difference, abs=2e-4)
        assert first.compared[rows].net > 5


def test_the_table_fits_100_columns_with_long_names():
    name = "members.a_member_with_a_very_long_name"
    board = Path(LEADERBOARD)
    board.write_text(board.read_text().replace("members.first", name))

    lines = describe("main").splitlines()

    assert max(map(len, lines)) <= 100
    assert any(line.startswith("a_member_with_a_ver…  ") for line in lines)


def test_other_test_photos_are_said_and_their_scores_not_subtracted():
    board = Path(LEADERBOARD)
    board.write_text(board.read_text().replace("0f1e2d3c4b5a6978", "ffff2d3c4b5a6978"))

    text = describe("main")

    assert "The test photos differ" in text
    assert [len(line.split()) for line in text.splitlines() if line.startswith("second ")] == [1 + 3 + 2 + 2]


def test_where_the_answers_are_not_in_the_cache_nothing_is_claimed():
    for path in Path(".dvc/cache").rglob("*"):
        if path.is_file():
            path.chmod(0o600)
            path.unlink()

    lines = describe("main").splitlines()

    second = next(line for line in lines if line.startswith("second "))
    assert second.split()[3::3] == ["=?", "=?", "=?"]
    assert any(line.startswith("? not told") and "dvc fetch" in line for line in lines)
    assert not any(line.startswith("* ") for line in lines)


def test_held_out_rows_that_differ_are_not_paired():
    predictions = dict(np.load("data/predictions/members/second.npz"))
    predictions["held_out_rows"] = predictions["held_out_rows"][::-1]
    np.savez("data/predictions/members/second.npz", **predictions)
    revisions = (Revision("main"), Revision(None))
    boards = tuple(revision.load_json(LEADERBOARD) for revision in revisions)

    second = next(change for change in compare_revisions(revisions, boards) if change.title == "second")

    assert set(second.compared) == {TEST}


def test_photos_in_another_order_are_not_paired():
    """A renamed file: the same photos, the same fingerprint, other rows."""
    manifest = Path("data/arrays/manifest.csv")
    header, *lines = manifest.read_text().splitlines()
    tests = [number for number, line in enumerate(lines) if ",test," in line]
    lines[tests[0]], lines[tests[2]] = lines[tests[2]], lines[tests[0]]
    manifest.write_text("\n".join([header, *lines]) + "\n")
    revisions = (Revision("main"), Revision(None))
    boards = tuple(revision.load_json(LEADERBOARD) for revision in revisions)

    second = next(change for change in compare_revisions(revisions, boards) if change.title == "second")

    assert set(second.compared) == {HELD_OUT}


def test_two_revisions_can_be_compared():
    run("git", "branch", "other")

    assert "other, against main" in describe("main", "other")


@pytest.mark.parametrize(
    ("name", "message"), [("nosuch", "there is no revision 'nosuch'"), ("bare", "is missing in bare")]
)
def test_a_revision_that_cannot_be_compared_is_named(name, message):
    run("git", "checkout", "--quiet", "--orphan", "bare")
    run("git", "rm", "--quiet", "-r", "--cached", "--force", "metrics")
    run("git", "commit", "--quiet", "--message", "no metrics")

    with pytest.raises(PipelineError, match=message):
        describe(name)
