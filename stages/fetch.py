"""Fetch a dataset into class folders.

Reads nothing but `fetch.<name>` of params.yaml; writes `data/raw/<name>/`.
"""

from pathlib import Path
from typing import Annotated

import typer

from stacker.artifacts.outputs import replaced_directory
from stacker.artifacts.raw_photos import RAW
from stacker.checks.command import run_stage
from stacker.settings.fetch import ArchiveSource, DigitsSource, Source, load_source


def main(name: Annotated[str, typer.Argument(help="A dataset that the block `fetch` of params.yaml names.")]) -> None:
    source = load_source(name)
    with replaced_directory(RAW / name) as folder:
        write_photos(source, folder)
    print(f"{RAW / name}: {sum(path.is_file() for path in (RAW / name).rglob('*'))} files")


def write_photos(source: Source, folder: Path) -> None:
    """Write the photos of `source` into class folders below `folder`; a kind imports what it alone needs."""
    if isinstance(source, DigitsSource):
        from stacker.photos.digits import write_digits

        write_digits(source.classes, folder)
    elif isinstance(source, ArchiveSource):
        from stacker.photos.archives import extract_archive
        from stacker.photos.downloads import download_archive

        extract_archive(download_archive(source.url, source.sha256), folder)
    else:
        from stacker.photos.tfds_source import write_tfds

        write_tfds(source, folder)


if __name__ == "__main__":
    run_stage(main, __doc__)
