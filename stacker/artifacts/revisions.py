"""What the pipeline wrote in another Git revision, or in the working tree: from Git and DVC's cache, no checkout."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from stacker.artifacts.errors import PipelineError


class Revision:
    """The files of one revision.

    Attributes:
        name: as the user gave it; "workspace" for the working tree.
    """

    def __init__(self, name: str | None) -> None:
        """Open a revision.

        Args:
            name: a branch, tag, commit or DVC experiment; None for the working tree.

        Raises:
            PipelineError: there is no such revision, or no DVC repository.
        """
        from dvc.api import DVCFileSystem  # takes a second
        from dvc.exceptions import NotDvcRepoError
        from dvc.scm import RevError

        self.name = name or "workspace"
        try:
            self._files = DVCFileSystem(".", rev=name)
            _ = self._files.repo  # opened by the first use: now, so that what is wrong is said here
        except RevError:
            raise PipelineError(
                f"there is no revision {name!r}: name a branch, a tag or a commit (`git log --oneline --all`), or an "
                "experiment (`dvc exp list`)"
            ) from None
        except NotDvcRepoError:
            raise PipelineError("this is no DVC repository: run it in the project's folder") from None

    def read(self, path: Path) -> bytes | None:
        """A file; None where this revision has none, or its content is not in DVC's cache."""
        from dvc_data.index import DataIndexDirError

        try:
            content: bytes = self._files.cat_file(path.as_posix())
        except (OSError, DataIndexDirError):  # the second: even the list of its folder is not in the cache
            return None
        return content

    def load_json(self, path: Path) -> dict[str, Any]:
        """A JSON file.

        Raises:
            PipelineError: this revision has none.
        """
        content = self.read(path)
        if content is None:
            raise PipelineError(
                f"{path} is missing in {self.name}: `dvc repro` writes it, and it belongs into Git; a revision without "
                "it cannot be compared"
            )
        values: dict[str, Any] = json.loads(content)
        return values

    def read_text(self, path: Path) -> str | None:
        """A text file, without the end of its last line; None as in `read`."""
        content = self.read(path)
        return None if content is None else content.decode().strip()

    def read_arrays(self, path: Path) -> Mapping[str, np.ndarray] | None:
        """The arrays of a `.npy` (by the name "") or `.npz` file; None as in `read`."""
        content = self.read(path)
        if content is None:
            return None
        loaded = np.load(io.BytesIO(content))
        return {"": loaded} if isinstance(loaded, np.ndarray) else {name: loaded[name] for name in loaded}
