"""Docstrings as they stand in lennox become Markdown for the reference: a list of parameters, examples as code."""

import re
from typing import Any

import griffe

PARAMETER = re.compile(r"^((?:`?[*\w]+`?(?:, )?)+) : (.*)$")


def as_markdown(text: str) -> str:
    """Put `name : meaning` into a list, `Raises ...` into a paragraph of its own, and `>>>` into a block of code."""
    lines: list[str] = []
    state = ""
    for line in text.splitlines():
        before, state = state, "text" if line.strip() else ""
        if line.startswith(">>> ") or (before == "code" and line.strip()):
            state = "code"
            lines += ["", "```pycon"] if before != "code" else []
        elif before == "code":
            lines.append("```")
        if found := PARAMETER.match(line):
            state = "list"
            lines += [] if before == "list" else [""]
            line = f"- **{found[1]}**: {found[2]}"
        elif before == "list" and line.startswith(" "):
            state = "list"
            line = f"    {line.strip()}"
        elif (before == "list" and line.strip()) or (line.startswith("Raises ") and before == "text"):
            lines.append("")
        lines.append(line)
    if state == "code":
        lines.append("```")
    return "\n".join(lines)


class Docstrings(griffe.Extension):
    """Applied by mkdocstrings to every object it shows."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite the docstring of `obj`, if it has one."""
        if obj.docstring:
            obj.docstring.value = as_markdown(obj.docstring.value)
