"""What a story and its recording need: words, consent, a path of their own and the approved digest (R19, R27, R28)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from lennox.files import sha256_of
from lennox.policy.problems import Problems
from lennox.policy.schema import shown

_SHA256 = re.compile(r"[0-9a-f]{64}")


def check_story(story: dict[str, Any] | None, path: str, problems: Problems, folder: Path | None) -> None:
    if story is None:
        return
    if "withdrawn" in story:
        for key in ("words", "audio", "audio_sha256"):
            if key in story:
                problems.add(
                    f"{path}.{key}", "the story was withdrawn; remove its words and recording, the limit stays"
                )
        return
    if not story.get("words", "").strip():
        problems.add(
            f"{path}.words",
            "every limit carries its reason in the community's own words; write them, or leave the story out",
        )
    if not story.get("consent", "").strip():
        problems.add(f"{path}.consent", "a story without the teller's consent may not be stored; write what was agreed")
    if not story.get("teller", "").strip():
        problems.add(f"{path}.teller", "missing; write who tells it, as they wish to be named")
    if "audio" in story:
        check_path(story["audio"], f"{path}.audio", problems, folder)
        check_recorded(
            story,
            "audio",
            f"{path}.audio_sha256",
            "the recording is not the one the community approved",
            problems,
            folder,
        )
    elif "audio_sha256" in story:
        problems.add(f"{path}.audio_sha256", "a digest without its recording; name the file under 'audio'")


def check_path(value: str, path: str, problems: Problems, folder: Path | None) -> None:
    """R27: files beside the policy are named below its folder, and are files of their own."""
    parts = re.split(r"[\\/]", value)
    if not value.strip() or value.startswith(("/", "\\", "~")) or re.match(r"[A-Za-z]:", value):
        problems.add(path, f"{shown(value)} is an absolute path; write a path below the policy's folder")
    elif ".." in parts:
        problems.add(path, f"{shown(value)} leaves the policy's folder ('..'); write a path below it")
    elif folder is not None:
        here = folder
        for part in parts:
            here = here / part
            if here.is_symlink():
                problems.add(path, f"{shown(value)} is a symlink; put the file itself there")
                return


def check_recorded(
    values: dict[str, Any], key: str, path: str, message: str, problems: Problems, folder: Path | None
) -> None:
    """R28: a recording is bound by its digest; where the file lies beside the policy, it is compared."""
    digest = values.get(f"{key}_sha256")
    if digest is None:
        problems.add(path, f"{message}: its digest is missing; write the SHA-256 of '{values[key]}'")
        return
    if not _SHA256.fullmatch(digest):
        problems.add(path, f"{message}: {shown(digest)} is not a SHA-256; write 64 hexadecimal digits in lower case")
        return
    if folder is None or problems.about(path.removesuffix("_sha256")):
        return
    file = folder / values[key]
    if file.is_file() and sha256_of(file.read_bytes()) != digest:
        problems.add(path, f"{message}: '{values[key]}' has another SHA-256; restore it or ask the teller again")
