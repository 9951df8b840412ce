"""Put the parts of an example into one file that stands alone."""

import ast
import re
import sys
from pathlib import Path

PARTS = Path(__file__).parent / "examples"
FIT = re.compile(r"  # fit: ([a-z, ]+)$")


def write_example(path: Path, runtime: str, fit: str) -> None:
    """Write the example of a runtime.

    Args:
        path: of the file.
        runtime: the name of a module of `examples`.
        fit: "stretch", "crop" or "pad": lines for another one are left out.
    """
    texts = [(PARTS / f"{name}.py").read_text(encoding="utf-8") for name in ("preparing", runtime, "checking")]
    title = ast.get_docstring(ast.parse(texts[1]))
    imports = sort_imports({line for text in texts for line in list_imports(text)})
    bodies = "\n\n\n".join(choose_lines(cut_imports(text), fit) for text in texts)
    path.write_text(f'"""{title}"""\n\n{imports}\n\n{bodies}\n', encoding="utf-8")


def list_imports(text: str) -> list[str]:
    """The imports of a part, but for those of other parts."""
    return [ast.unparse(one) for one in _find_imports(text) if "stacker" not in ast.unparse(one)]


def cut_imports(text: str) -> str:
    """What follows the imports."""
    return "\n".join(text.split("\n")[_find_imports(text)[-1].end_lineno or 0 :]).strip("\n")


def choose_lines(body: str, fit: str) -> str:
    """Leave out the lines for another fit, and the remark on the others."""
    lines = [(line, FIT.search(line)) for line in body.split("\n")]
    return "\n".join(FIT.sub("", line) for line, found in lines if not found or fit in found[1].split(", "))


def sort_imports(lines: set[str]) -> str:
    """In the order that ruff wants: Python's own, then the others; in each, `import` before `from`."""
    named = {line: line.split()[1].split(".")[0] for line in lines}
    blocks = [[line for line in lines if (named[line] in sys.stdlib_module_names) == own] for own in (True, False)]
    ordered = [sorted(block, key=lambda line: (line.startswith("from"), line.lower())) for block in blocks]
    return "\n\n".join("\n".join(block) for block in ordered)


def _find_imports(text: str) -> list[ast.Import | ast.ImportFrom]:
    return [one for one in ast.parse(text).body if isinstance(one, ast.Import | ast.ImportFrom)]
