"""TOML within limits: what would take a parser seconds or its whole stack is refused before it is parsed."""

from __future__ import annotations

import re
import tomllib
from typing import Any

MAX_BYTES = 1 << 20
MAX_KEYS = 16  # in one dotted key; `tomllib` takes time by the square of them
MAX_DEPTH = 32  # of brackets; `tomllib` takes a frame of the stack for each
MAX_INTEGER = 2**63  # as the format has it; `tomllib` reads larger ones, which no float holds
_QUOTED = re.compile(r'"""(?:[^\\]|\\.)*?"""|\'\'\'.*?\'\'\'|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|#[^\n]*', re.DOTALL)
_DOTTED = re.compile(r"[\w\"'-]+(?:[ \t]*\.[ \t]*[\w\"'-]+)*")
_BRACKET = re.compile(r"[\[\]{}]")


def loads(text: str) -> dict[str, Any]:
    """Parse `text`. Raises `tomllib.TOMLDecodeError`, also for what is larger or deeper than the limits."""
    if len(text) > MAX_BYTES:
        raise _error(f"{len(text)} characters, more than {MAX_BYTES}", text, 0)
    bare = _QUOTED.sub(_blank, text)  # same length, so that places can be named
    for match in _DOTTED.finditer(bare):
        if match[0].count(".") >= MAX_KEYS:
            raise _error(f"a key of more than {MAX_KEYS} parts", text, match.start())
    depth = 0
    for match in _BRACKET.finditer(bare):
        depth += 1 if match[0] in "[{" else -1
        if depth > MAX_DEPTH:
            raise _error(f"nested deeper than {MAX_DEPTH}", text, match.start())
    document = tomllib.loads(text)
    _check_integers(document)
    return document


def _check_integers(value: Any) -> None:
    if isinstance(value, int) and not -MAX_INTEGER <= value < MAX_INTEGER:
        raise tomllib.TOMLDecodeError("a whole number of more than 64 bits")
    if isinstance(value, (dict, list)):
        for part in value.values() if isinstance(value, dict) else value:
            _check_integers(part)


def _blank(match: re.Match[str]) -> str:
    """Quoted text without anything that means something; a quoted key still is a part of its dotted key."""
    return re.sub(r"[^\n]", "_" if match[0][0] in "\"'" else " ", match[0])


def _error(message: str, text: str, position: int) -> tomllib.TOMLDecodeError:
    line, column = text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position)
    return tomllib.TOMLDecodeError(f"{message} (at line {line}, column {column})")
