"""What each stage printed, in a file a stage; it is for people, and nothing is decided by it."""

from pathlib import Path

LOGS = Path(".dvc/tmp/stacker/logs")


def begin_log(stage: str) -> None:
    """Forget what the stage printed when it was last begun."""
    LOGS.mkdir(parents=True, exist_ok=True)
    locate_log(stage).unlink(missing_ok=True)


def add_to_log(stage: str, text: str) -> None:
    """Keep what the stage has printed since."""
    LOGS.mkdir(parents=True, exist_ok=True)
    with locate_log(stage).open("a", encoding="utf-8") as log:
        log.write(text)


def has_run(stage: str) -> bool:
    """Did DVC run the stage, by its own word, and not restore it?"""
    path = locate_log(stage)
    return path.exists() and f"Running stage '{stage}'" in path.read_text(encoding="utf-8")


def locate_log(stage: str) -> Path:
    """The stage's file."""
    return LOGS / f"{stage}.log"
