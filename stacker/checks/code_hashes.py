"""A hash of what a module does: comments, docstrings, layout and Python's version leave it as it is."""

import ast
import hashlib
import json
from typing import Any

DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def hash_code(source: str) -> str:
    """16 hexadecimal digits that change when the code of a module does.

    They are taken from the syntax tree without positions and docstrings. Python versions differ in the fields that a
    node has where they hold nothing, and in how an f-string is cut up: neither counts.

    Args:
        source: the module's text.
    """
    plain = json.dumps(_simplify(ast.parse(source)), ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()[:16]


def _simplify(value: Any) -> Any:
    if isinstance(value, list):
        return [_simplify(child) for child in value]
    if not isinstance(value, ast.AST):
        return repr(value)
    fields = {name: child for name, child in ast.iter_fields(value) if child is not None and child != []}
    if isinstance(value, DOCUMENTED):
        fields["body"] = _drop_docstring(value.body)
    if isinstance(value, ast.JoinedStr):
        fields["values"] = _join_text(value.values)
    return [type(value).__name__, *([name, _simplify(child)] for name, child in fields.items())]


def _drop_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0] if body else None
    is_docstring = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
    return body[1:] if is_docstring else body


def _join_text(parts: list[ast.expr]) -> list[ast.expr]:
    """The parts of an f-string, neighbouring pieces of text as one, empty ones left out."""
    joined: list[ast.expr] = []
    for part in parts:
        last = joined[-1] if joined else None
        if isinstance(part, ast.Constant) and isinstance(last, ast.Constant):
            joined[-1] = ast.Constant(str(last.value) + str(part.value))
        elif not (isinstance(part, ast.Constant) and part.value == ""):
            joined.append(part)
    return joined
