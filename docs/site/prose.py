"""Plain English in the pages: proselint, the spelling and the words of `vocabulary.txt` by codespell, sentences.

Code, links and tables' lines are taken out first. Pages in Spanish are left out: neither program knows the language.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")] + [
    page for page in sorted((ROOT / "docs").rglob("*.md")) if "es" not in page.relative_to(ROOT).parts
]
GENERATED = ("gate-validation.md", "code-of-conduct.md")  # by a command, and by the Contributor Covenant
MAX_WORDS = 45  # of a sentence, for readers of these sections:
PLAIN = ("start", "clinic", "community")
ABBREVIATIONS = "fpr,fpf,te"


def main() -> None:
    """Say what is wrong, with page and line, and end with status 1 if anything is."""
    with tempfile.TemporaryDirectory() as folder:
        copies = []
        long = []
        for page in PAGES:
            if page.name in GENERATED:
                continue
            text = prose_of(page.read_text(encoding="utf-8"))
            copies.append(Path(folder) / page.relative_to(ROOT))
            copies[-1].parent.mkdir(parents=True, exist_ok=True)
            copies[-1].write_text(text, encoding="utf-8")
            if page.parent.name in PLAIN:
                long += [
                    f"{page.relative_to(ROOT)}: {len(s.split())} words: {s[:90]} ..." for s in long_sentences(text)
                ]
        lint = ("proselint", "check", "--config", str(HERE / "proselint.json"), *map(str, copies))
        spell = ("codespell", "-D", "-", "-D", str(HERE / "vocabulary.txt"), "-L", ABBREVIATIONS, *map(str, copies))
        said = "".join(run(command) for command in (lint, spell)).replace(str(Path(folder).resolve()) + "/", "")
    found = [line for line in said.splitlines() if line.strip()] + long
    if found:
        sys.exit("\n".join(["The prose has faults:", *found]))


def prose_of(text: str) -> str:
    """The prose of a page, line for line where it stood, with stand-ins for code and without the targets of links."""
    text = re.sub(r"```.*?```|<!--.*?-->", lambda block: "\n" * block[0].count("\n"), text, flags=re.DOTALL)
    text = re.sub(r"`[^`\n]+`", "`x`", text)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    text = re.sub(r"<?https?://\S+", "", text)
    return re.sub(r"^(#+ .*[^.?!\n])$", r"\1.", text, flags=re.MULTILINE).replace("|", " ; ")


def long_sentences(text: str) -> list[str]:
    """The sentences of more words than a reader should have to hold; a line of a table or a list ends one."""
    found = []
    for paragraph in re.split(r"\n\s*\n|\n(?=[-*;\d])|\n ; ", text):
        for sentence in re.split(r"(?<=[.?!:;])\s+", " ".join(paragraph.split())):
            if len(sentence.split()) > MAX_WORDS:
                found.append(sentence)
    return found


def run(command: tuple[str, ...]) -> str:
    """What a program says of the pages."""
    program = Path(sys.executable).parent / command[0]
    done = subprocess.run([program, *command[1:]], check=False, capture_output=True, text=True)  # noqa: S603  (this venv's)
    if done.returncode and not done.stdout:
        sys.exit(f"{command[0]}: {done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
