"""The list of all photos, as `prepare` writes it."""

import pytest

from stacker.artifacts.arrays import MANIFEST
from stacker.artifacts.errors import PipelineError
from stacker.artifacts.manifest import Photo, load_manifest

HEADER = "path,class,split,width,height,content_hash,group\n"


def write(text: str) -> None:
    MANIFEST.parent.mkdir(parents=True, exist_ok=True)
    MANIFEST.write_text(text, encoding="utf-8")


def test_photos_come_by_split_in_the_order_of_the_rows(workspace):
    write(HEADER + 'b/2.png,b,test,30,20,ff,7\n"a/1,é.png",a,train,10,40,ee,3\nb/1.png,b,test,5,6,dd,7\n')

    photos = load_manifest()

    assert photos == {
        "train": [Photo("a/1,é.png", "a", "train", 10, 40, "ee", 3)],
        "validation": [],
        "test": [Photo("b/2.png", "b", "test", 30, 20, "ff", 7), Photo("b/1.png", "b", "test", 5, 6, "dd", 7)],
    }


def test_photos_that_could_not_be_read_are_in_no_split(workspace):
    columns = HEADER.replace("group", "group,reason")
    write(columns + "a/1.png,a,train,10,40,ee,3,\na/2.png,a,skipped,,,,,the file is empty\n")

    photos = load_manifest()

    assert [photo.path for split in photos for photo in photos[split]] == ["a/1.png"]


def test_a_missing_one_is_named_with_the_command_that_writes_it(workspace):
    with pytest.raises(PipelineError, match=r"manifest\.csv is missing: run `dvc repro prepare`"):
        load_manifest()


@pytest.mark.parametrize(
    "text",
    [
        "path,class,split\na,b,train\n",
        HEADER + "a,b,train,1\n",
        HEADER + "a,b,trial,1,1,ff,1\n",
        HEADER + "a,b,test,x,1,f,1\n",
    ],
    ids=["columns", "short", "split", "number"],
)
def test_a_damaged_one_is_named(workspace, text):
    write(text)

    with pytest.raises(PipelineError, match=r"manifest\.csv is damaged .*: delete it and run `dvc repro prepare`"):
        load_manifest()
