"""Edits of photos, as people make them."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

from e2e.clone import Clone

from .walked_project import PHOTOS, draw_photo


class NotPossibleError(Exception):
    """An edit does not go with what is there now: another one is drawn."""


Edit = Callable[[Clone, random.Random], str]  # gives what it did, in words
FEWEST = 12  # photos of a class: fewer, and some draws leave a split or a fold without it


def list_classes(project: Clone) -> list[str]:
    return sorted(path.name for path in (project.path / PHOTOS).iterdir() if any(path.iterdir()))


def list_photos(project: Clone, name: str) -> list[Path]:
    return sorted(path for path in (project.path / PHOTOS / name).iterdir() if path.suffix == ".png")


def choose_photo(project: Clone, draws: random.Random) -> Path:
    """A photo of a class that can spare it."""
    rich = [name for name in list_classes(project) if len(list_photos(project, name)) > FEWEST]
    if not rich:
        raise NotPossibleError
    return draws.choice(list_photos(project, draws.choice(rich)))


def add_photos(project: Clone, draws: random.Random) -> str:
    name, count = draws.choice(list_classes(project)), draws.randint(1, 3)
    for _ in range(count):
        draw_photo(project.path / PHOTOS, name, draws)
    return f"{count} photos added to {name}"


def delete_photo(project: Clone, draws: random.Random) -> str:
    path = choose_photo(project, draws)
    path.unlink()
    return f"{path.parent.name}/{path.name} deleted"


def change_photo(project: Clone, draws: random.Random) -> str:
    path = choose_photo(project, draws)
    draw_photo(project.path / PHOTOS, path.parent.name, draws, path)
    return f"{path.parent.name}/{path.name} is another photo"


def move_photo(project: Clone, draws: random.Random) -> str:
    path = choose_photo(project, draws)
    others = [name for name in list_classes(project) if name != path.parent.name]
    target = path.parents[1] / draws.choice(others) / path.name
    if target.exists():
        raise NotPossibleError
    path.rename(target)
    return f"{path.parent.name}/{path.name} moved to {target.parent.name}"


def rename_photo(project: Clone, draws: random.Random) -> str:
    path = choose_photo(project, draws)
    path.rename(path.with_name(f"{draws.randrange(10**6):06d}.png"))
    return f"{path.parent.name}/{path.name} renamed"


def swap_photos(project: Clone, draws: random.Random) -> str:
    """Two photos exchange their names: the folder's list of names stays the same."""
    first, second = choose_photo(project, draws), choose_photo(project, draws)
    if first == second:
        raise NotPossibleError
    aside = first.with_suffix(".aside")
    first.rename(aside)
    second.rename(first)
    aside.rename(second)
    return f"{first.parent.name}/{first.name} and {second.parent.name}/{second.name} exchanged"


def copy_photo(project: Clone, draws: random.Random) -> str:
    """A copy in its own class is a duplicate, in another one it contradicts it."""
    path = choose_photo(project, draws)
    target = path.parents[1] / draws.choice(list_classes(project)) / f"{draws.randrange(10**6):06d}.png"
    shutil.copyfile(path, target)
    return f"{path.parent.name}/{path.name} copied into {target.parent.name}"


def break_photo(project: Clone, draws: random.Random) -> str:
    path = choose_photo(project, draws)
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content[: len(content) // 3])
    return f"{path.parent.name}/{path.name} cut off"


def touch_photo(project: Clone, draws: random.Random) -> str:
    path = choose_photo(project, draws)
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content)
    return f"{path.parent.name}/{path.name} written anew, the same"


def add_or_remove_class(project: Clone, draws: random.Random) -> str:
    names = list_classes(project)
    if len(names) > 2:
        gone = draws.choice(names)
        shutil.rmtree(project.path / PHOTOS / gone)
        return f"class {gone} removed"
    name = draws.choice(sorted({"left", "middle", "right", "top"} - set(names)))
    for _ in range(FEWEST + 2):
        draw_photo(project.path / PHOTOS, name, draws)
    return f"class {name} added"


EDITS: dict[str, list[Edit]] = {
    "photos added": [add_photos],
    "photo deleted": [delete_photo],
    "photo changed": [change_photo],
    "photo moved to another class": [move_photo],
    "photos renamed, exchanged, copied, broken, touched": [
        rename_photo,
        swap_photos,
        copy_photo,
        break_photo,
        touch_photo,
    ],
    "class added or removed": [add_or_remove_class],
}
