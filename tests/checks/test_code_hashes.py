"""Which edits of a module change its hash, and that all supported versions of Python agree."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stacker.checks.code_hashes import hash_code

ROOT = Path(__file__).parents[2]
ALIKE = {
    "a comment": ("x = 1", "# why\nx = 1  # because"),
    "a blank line": ("x = 1\ny = 2", "x = 1\n\n\ny = 2\n"),
    "a docstring of a module": ("x = 1", '"""Says."""\nx = 1'),
    "another docstring": ('"""One."""\nx = 1', '"""Two."""\nx = 1'),
    "a docstring of a function": ("def f():\n    return 1", 'def f():\n    """Says."""\n    return 1'),
    "a docstring of an async function": (
        "async def f():\n    return 1",
        'async def f():\n    """Says."""\n    return 1',
    ),
    "a docstring of a class": ("class A:\n    x = 1", 'class A:\n    """Says."""\n    x = 1'),
    "a docstring of a method": (
        "class A:\n    def f(self):\n        return 1",
        'class A:\n    def f(self):\n        """Says."""\n        return 1',
    ),
    "a docstring of an inner function": (
        "def f():\n    def g():\n        return 1\n    return g",
        'def f():\n    def g():\n        "says"\n        return 1\n    return g',
    ),
    "indentation": ("if x:\n    y = 1", "if x:\n  y = 1"),
    "a broken line": ("f(1, 2)", "f(\n    1,\n    2,\n)"),
    "parentheses": ("x = a + b * c", "x = (a + (b * c))"),
    "quotes": ("x = 'a'", 'x = "a"'),
    "text in two pieces": ("x = 'ab'", "x = 'a' 'b'"),
    "text with an escape": ("x = 'é'", "x = '\\u00e9'"),
    "an f-string in two pieces": ("x = f'a{b}c{d}'", "x = (f'a{b}'\n     f'c{d}')"),
    "an f-string beside a plain one": ("x = f'ab{c}d'", "x = 'a' f'b{c}' 'd'"),
    "an f-string beside an empty one": ("x = f'{c}'", "x = '' f'{c}' ''"),
    "a number's form": ("x = 1000", "x = 1_000"),
    "a semicolon": ("x = 1\ny = 2", "x = 1; y = 2"),
}
UNLIKE = {
    "a number": ("x = 1", "x = 2"),
    "a type of number": ("x = 1", "x = 1.0"),
    "a truth value": ("x = 1", "x = True"),
    "text": ("x = 'a'", "x = 'b'"),
    "text or bytes": ("x = 'a'", "x = b'a'"),
    "text or a name": ("x = 'a'", "x = a"),
    "a name": ("x = a", "x = b"),
    "an operator": ("x = a + b", "x = a - b"),
    "precedence": ("x = a + b * c", "x = (a + b) * c"),
    "order": ("x = 1\ny = 2", "y = 2\nx = 1"),
    "a comparison": ("x = a < b", "x = a <= b"),
    "the body of a function": ("def f():\n    return 1", "def f():\n    return 2"),
    "the name of a function": ("def f():\n    return 1", "def g():\n    return 1"),
    "a default": ("def f(a=1):\n    return a", "def f(a=2):\n    return a"),
    "a default more": ("def f(a):\n    return a", "def f(a=None):\n    return a"),
    "a keyword-only argument": ("def f(a, b):\n    return a", "def f(a, *, b):\n    return a"),
    "which keyword-only argument has the default": ("def f(*, a, b=1): g()", "def f(*, a=1, b): g()"),
    "a decorator": ("def f():\n    return 1", "@d\ndef f():\n    return 1"),
    "a base": ("class A:\n    x = 1", "class A(B):\n    x = 1"),
    "async": ("def f():\n    return 1", "async def f():\n    return 1"),
    "an f-string's value": ("x = f'a{b}'", "x = f'a{c}'"),
    "an f-string's text": ("x = f'a{b}'", "x = f'c{b}'"),
    "an f-string's format": ("x = f'{a:.2f}'", "x = f'{a:.3f}'"),
    "an f-string's conversion": ("x = f'{a}'", "x = f'{a!r}'"),
    "where text stands in an f-string": ("x = f'a{b}'", "x = f'{b}a'"),
    "an f-string or text": ("x = f'{a}'", "x = '{a}'"),
    "text that is no docstring": ("def f():\n    x = 'a'\n    return x", "def f():\n    x = 'b'\n    return x"),
    "a returned text": ("def f():\n    return 'a'", "def f():\n    return 'b'"),
    "an import": ("import a", "import b"),
    "an imported name": ("from a import b", "from a import c"),
    "how far a relative import climbs": ("from .a import b", "from ..a import b"),
    "a name given to an import": ("import a", "import a as b"),
    "yield": ("def f():\n    yield 1", "def f():\n    return 1"),
    "a branch": ("if a:\n    x = 1\nelse:\n    x = 2", "if a:\n    x = 1\nx = 2"),
    "what is left out of a slice": ("x = a[1:]", "x = a[:1]"),
    "which key of a dictionary": ("x = {'a': 1, **b}", "x = {**b, 'a': 1}"),
    "an annotation": ("x: int = 1", "x: float = 1"),
}
SAMPLE = '''
"""A module."""
from __future__ import annotations
import a.b as c
from .d import *

@decorated(1, *more, key=[x for x in y if x > 1], **rest)
class One(Base, metaclass=Meta):
    """A class."""
    field: dict[str, int] | None = None

    async def act(self, first, /, second=2.5, *others, third, fourth=None, **options) -> str:
        """A method."""
        async with first as opened, second:
            yield f"{opened!r:>{second}} and" f" more {{}} {third=}" "plain"

def two():
    match value:
        case {"a": [1, *_, -2j], **left} if (size := len(left)) > 3:
            return lambda: (yield)
        case One(field=None) | "text" | b"bytes" as found:
            raise Error(...) from None
    try:
        global three
        three, *four = not five, ~6 if seven else 1e-7
    except (Error, Other) as error:
        del three[1:2, ::3]
    else:
        pass
    finally:
        assert 0 < size <= 10**9, "too \\u00e9 long"
'''


@pytest.mark.parametrize("pair", ALIKE)
def test_what_changes_no_behaviour_changes_no_hash(pair):
    first, second = ALIKE[pair]

    assert hash_code(first) == hash_code(second)


@pytest.mark.parametrize("pair", UNLIKE)
def test_what_changes_behaviour_changes_the_hash(pair):
    first, second = UNLIKE[pair]

    assert hash_code(first) != hash_code(second)


def test_no_two_of_the_samples_that_differ_share_a_hash():
    sources = {source for pair in UNLIKE.values() for source in pair}

    assert len({hash_code(source) for source in sources}) == len(sources)


def test_an_empty_module_has_the_hash_of_a_docstring_alone():
    assert hash_code("") == hash_code('"""Says."""')
    assert len(hash_code("")) == 16


def test_the_hash_of_a_sample_is_the_same_for_ever():
    """Another literal here makes every stage of every clone run again: it should have a reason."""
    assert hash_code(SAMPLE) == "1b909e33d057f165"


def list_sources() -> dict[str, str]:
    """Our files, and the samples of this one."""
    paths = sorted(path for folder in ("stages", "stacker") for path in (ROOT / folder).rglob("*.py"))
    samples = {str(number): source for number, source in enumerate([SAMPLE, *sum(ALIKE.values(), ())])}
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in paths} | samples


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_every_supported_python_gives_the_same_hashes(tmp_path, version):
    sources = list_sources()
    assert len(sources) > 80
    expected = {name: hash_code(source) for name, source in sources.items()}
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        interpreter: str | None = sys.executable
    else:
        interpreter = shutil.which(f"python{version}")
    # a shim of a version manager may stand for an interpreter that is not installed
    probe = [interpreter or "", "-c", "import sys; print(*sys.version_info[:2], sep='.')"]
    if not interpreter or subprocess.run(probe, capture_output=True, text=True).stdout.strip() != version:
        pytest.skip(f"there is no Python {version} on the path to compare with")
    (tmp_path / "sources.json").write_text(json.dumps(sources))
    code = (
        "import importlib.util, json, sys\n"
        "specification = importlib.util.spec_from_file_location('code_hashes', sys.argv[1])\n"
        "module = importlib.util.module_from_spec(specification)\n"
        "specification.loader.exec_module(module)\n"
        "sources = json.load(open('sources.json'))\n"
        "print(json.dumps({name: module.hash_code(source) for name, source in sources.items()}))\n"
    )

    done = subprocess.run(
        [interpreter, "-I", "-c", code, ROOT / "stacker/checks/code_hashes.py"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )

    assert json.loads(done.stdout) == expected
