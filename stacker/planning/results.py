"""What the inputs of a stage will be once `dvc repro` comes to it, as far as that can be known beforehand."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from dvc.dependency import ParamsDependency
from dvc_data.hashfile.hash_info import HashInfo
from dvc_data.hashfile.meta import Meta
from dvc_data.hashfile.obj import HashFile
from dvc_data.hashfile.tree import Tree


class Input(NamedTuple):
    """A dependency as the stage will find it.

    Attributes:
        hash_info: DVC's hash of it; none where it will not be there.
        meta: what DVC notes beside the hash.
        content: of a folder its files, where they have been looked at.
        open_stages: those whose result decides, and is not known yet; then there is no hash.
    """

    hash_info: HashInfo | None
    meta: Meta
    content: HashFile | None = None
    open_stages: tuple[str, ...] = ()


class Results:
    """What stages will have written: of some it is known, of others it is open until they have run."""

    def __init__(self) -> None:
        self._known: dict[str, HashFile] = {}
        self._open: dict[str, str] = {}
        self._behind: dict[str, set[str]] = {}

    def settle(self, path: str, content: HashFile) -> None:
        """The output at `path` will be `content`."""
        self._known[path] = content
        self._open.pop(path, None)

    def leave_open(self, stage: Any, waits_for: Iterable[str]) -> None:
        """What `stage` will write is not known, while it waits for others, or before it has run."""
        self._open.update({out.fs_path: stage.addressing for out in stage.outs})
        self._behind[stage.addressing] = {*waits_for}.union(*(self._behind[name] for name in waits_for))

    def drop_far(self, names: Iterable[str]) -> list[str]:
        """Of stages whose result is open, those behind which none of the others lies."""
        far = set().union(*(self._behind[name] for name in names))
        return [name for name in names if name not in far]

    def find(self, dep: Any, is_changed: bool) -> Input:
        """What a dependency will be.

        Args:
            dep: DVC's.
            is_changed: does it differ now, in the workspace, from what dvc.lock has?
        """
        if isinstance(dep, ParamsDependency):
            return Input(dep.get_hash() if is_changed else dep.hash_info, dep.meta)
        waits_for = {stage: None for path, stage in self._open.items() if dep.fs.overlaps(path, dep.fs_path)}
        if waits_for:
            return Input(None, Meta(), open_stages=tuple(waits_for))
        known = {path: one for path, one in self._known.items() if dep.fs.overlaps(path, dep.fs_path)}
        if known:
            content = _put_together(dep, known)
            return Input(content.hash_info if content else None, Meta(), content)
        if not is_changed:
            return Input(dep.hash_info, dep.meta)
        if not dep.exists:
            return Input(None, Meta())
        meta, content = build_content(dep, dep.fs_path)
        return Input(content.hash_info, meta, content)


def build_content(entry: Any, path: str) -> tuple[Meta, HashFile]:
    """Hash what lies at `path`, as DVC hashes what `entry`, a dependency or output, stands for; nothing is written."""
    ignore = entry.dvcignore if path == entry.fs_path else None
    _, meta, content = entry._build(
        entry.local_cache, path, entry.fs, entry.hash_name, ignore=ignore, dry_run=True, no_progress_bar=True
    )
    return meta, content


def _put_together(dep: Any, known: dict[str, HashFile]) -> HashFile | None:
    """The content of `dep`, given the outputs that are known of those that it is, lies in, or holds."""
    if dep.fs_path in known:
        return known[dep.fs_path]
    path, content = next(iter(known.items()))
    if dep.fs.isin(dep.fs_path, path):  # and in no other: outputs do not lie in one another
        return content.get_obj(dep.cache, dep.fs.relparts(dep.fs_path, path)) if isinstance(content, Tree) else None
    return _replace_parts(dep, {dep.fs.relparts(path, dep.fs_path): content for path, content in known.items()})


def _replace_parts(dep: Any, parts: dict[tuple[str, ...], HashFile]) -> Tree:
    """The folder `dep` as it is now, with other `parts`: files and folders, by their path in it."""
    now = build_content(dep, dep.fs_path)[1] if dep.exists else None
    folder: Tree = Tree.from_list([])  # as `Tree()` has no types
    for key, meta, hash_info in now if isinstance(now, Tree) else ():
        if not any(key[: len(part)] == part for part in parts):
            folder.add(key, meta, hash_info)
    for part, content in parts.items():
        files = content if isinstance(content, Tree) else [((), Meta(), content.hash_info)]
        for key, meta, hash_info in files:
            folder.add((*part, *key), meta, hash_info)
    folder.digest()
    return folder
