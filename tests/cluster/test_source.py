"""What travels to a worker, and what does not."""

import io
import subprocess
import tarfile

import pytest

from stacker.artifacts.errors import PipelineError
from stacker.cluster.source import list_links, pack_source


def git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(workspace):
    """Tracked code and settings, a secret that is ignored, and notes that are not tracked."""
    for name, text in {
        "stages/train.py": "1",
        "stacker/__init__.py": "",
        "dvc.yaml": "stages: {}",
        "dvc.lock": "schema: '2.0'",
        "gone.txt": "x",
        ".gitignore": ".env\ndata/\n",
        ".env": "SECRET=1",
        "data/photos/a.png": "x",
        "notes.txt": "my own",
    }.items():
        path = workspace / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git("init", "--quiet")
    git("add", "stages", "stacker", "dvc.yaml", "dvc.lock", "params.yaml", "gone.txt", ".gitignore")
    return workspace


def read(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        return {member.name: files.extractfile(member).read() for member in files}


def test_tracked_files_travel_as_they_are_now_and_nothing_else(repository):
    (repository / "stages/train.py").write_text("2")
    (repository / "gone.txt").unlink()
    files = read(pack_source().archive)
    assert files.keys() == {"stages/train.py", "stacker/__init__.py", "dvc.yaml", "params.yaml", ".gitignore"}
    assert files["stages/train.py"] == b"2"


def test_the_digest_is_of_names_and_contents(repository):
    before = pack_source().digest
    assert pack_source().digest == before
    (repository / "stages/train.py").write_text("2")
    changed = pack_source().digest
    (repository / "stages/train.py").rename(repository / "stages/other.py")
    git("add", "--all", "stages")
    assert len({before, changed, pack_source().digest}) == 3


@pytest.mark.parametrize("name", ["stacker/new.py", "stages/new.py"])
def test_code_that_git_does_not_track_is_refused_by_name(repository, name):
    (repository / name).write_text("")
    with pytest.raises(PipelineError, match=f"Git does not track {name}: .*run `git add {name}`"):
        pack_source()


def test_where_there_is_no_git_the_way_out_is_named(workspace):
    with pytest.raises(PipelineError, match="without Git, use `dvc repro`"):
        pack_source()


def test_links_lead_to_what_lies_here_alone(repository):
    links = list_links(["data/photos", "missing", str(repository / "data"), "stages"])
    assert links == {"data/photos": str(repository / "data/photos")}
