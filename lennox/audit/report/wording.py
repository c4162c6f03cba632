"""The sheet's sentences in a community's language: gettext catalogues, read through Babel without a build step.

`locale/<language>.po` holds one catalogue a language; a community adds its own as a .po file of the same messages
(`locale/community.pot`). English is in the code.
"""

from __future__ import annotations

import gettext
import io
import re
from dataclasses import dataclass
from pathlib import Path

from lennox.errors import InputError

MAX_BYTES, MAX_PLURALS = 1 << 20, 10  # Arabic has the most plural forms, 6; Babel makes a list of as many as are said
_FOLDER = Path(__file__).parent / "locale"
_PLURALS = re.compile(rb"nplurals\s*=\s*(\d{1,99})")


@dataclass(frozen=True, slots=True)
class Wording:
    """Sentences in one language."""

    language: str
    catalogue: gettext.NullTranslations

    def __call__(self, sentence: str, **values: object) -> str:
        """The sentence in this language, with its {places} filled."""
        return self.catalogue.gettext(sentence).format(**values)

    def name(self, name: str) -> str:
        """A group or feature of a policy in this language, where the catalogue has it; else as the policy writes it."""
        return self.catalogue.gettext(name) if name else ""

    def many(self, one: str, many: str, number: int, **values: object) -> str:
        """The sentence for a number of things; {n} is the number."""
        return self.catalogue.ngettext(one, many, number).format(n=number, **values)


def languages() -> tuple[str, ...]:
    """Languages that lennox brings."""
    return ("en", *sorted(path.stem for path in _FOLDER.glob("*.po")))


def wording(language: str, file: Path | None = None) -> Wording:
    """The wording in `language`, from `file` where it is not one that lennox brings.

    Raises InputError if there is no such catalogue, or it is not one.
    """
    path = file or _FOLDER / f"{language}.po"
    if language == "en" and file is None:
        return Wording("en", gettext.NullTranslations())
    if not path.is_file():
        raise InputError(
            f"there is no catalogue for '{language}' (there are {', '.join(languages())}); "
            "translate community.pot and name it with --catalogue"
        )
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import PoFileError, read_po

    try:
        data = path.read_bytes()
        header = re.sub(rb'"\s*"', b"", data)  # a text may go on in the next line
        if len(data) > MAX_BYTES or any(int(forms) > MAX_PLURALS for forms in _PLURALS.findall(header)):
            raise ValueError(f"larger than {MAX_BYTES} bytes, or more than {MAX_PLURALS} plural forms")
        catalogue = read_po(io.BytesIO(data), locale=language, abort_invalid=True)
    except (PoFileError, ValueError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name}: not a catalogue ({error}); give a gettext .po file") from error
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Wording(language, gettext.GNUTranslations(compiled))
