"""What pre-commit runs: the project's own lint, in the environment's versions."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
HOOKS = [
    (repository["repo"], hook)
    for repository in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    for hook in repository["hooks"]
]


def test_the_hooks_are_the_commands_of_make_lint():
    recipe = re.search(r"^lint:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)[1]
    commands = [line.strip().removeprefix("$(ENVIRONMENT) ") for line in recipe.splitlines()]

    assert [hook["entry"] for _, hook in HOOKS] == commands


def test_no_hook_brings_a_version_of_its_own():
    assert {(repository, hook["language"]) for repository, hook in HOOKS} == {("local", "system")}


def test_every_hook_sees_the_whole_project():
    assert [hook["id"] for _, hook in HOOKS if hook.get("pass_filenames") is not False or "files" in hook] == []
