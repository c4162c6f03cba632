"""The sheet's sentences in a community's language: gettext catalogues, read through Babel without a build step.

`locale/<language>.po` holds one catalogue a language; a community adds its own as a .po file of the same messages
(`locale/community.pot`). English is in the code.
"""

from __future__ import annotations

import gettext
import io
import re
import string
from dataclasses import dataclass
from pathlib import Path

from lennox.errors import InputError, one_line

_FOLDER = Path(__file__).parent / "locale"
MAX_BYTES = 1 << 20
MAX_PLURALS = 10  # Arabic has six


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
    try:
        return Wording(language, _compiled(path.read_bytes(), language))
    except OSError as error:
        raise InputError(f"{path.name}: cannot be read ({error.strerror})") from error
    except Exception as error:  # what Babel says of bytes that are no catalogue has no common base
        raise InputError(
            f"{path.name}: not a catalogue ({one_line(str(error))[:200]}); give a gettext .po file"
        ) from error


def _compiled(data: bytes, language: str) -> gettext.GNUTranslations:
    """Translations from the text of a catalogue. Raises anything if it is none, or speaks of values there are not."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    header = re.sub(rb'"\s*"', b"", data)  # a text may go on in the next line
    forms = [int(digits[:9]) for digits in re.findall(rb"nplurals\s*=\s*(\d+)", header)]
    if len(data) > MAX_BYTES or any(number > MAX_PLURALS for number in forms):  # each form is set aside, used or not
        raise ValueError(f"it is larger than {MAX_BYTES} bytes, or has more than {MAX_PLURALS} plural forms")
    catalogue = read_po(io.BytesIO(data), locale=language, abort_invalid=True)
    for message in catalogue:
        texts = [[one] if isinstance(one, str) else list(one or ()) for one in (message.id, message.string)]
        known, used = ({name for text in of for name in _values(text)} for of in texts)
        if message.id and not used <= known:
            raise ValueError(f"{{{min(used - known)}}} is no value of the sentence '{texts[0][0]:.60}'")
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    translations = gettext.GNUTranslations(compiled)
    for number in range(101):  # a plural rule may divide by zero, or name a form that there is not
        translations.ngettext("", "", number)
    return translations


def _values(text: str) -> set[str]:
    """The names in braces of a sentence, with what follows them inside the braces."""
    return {
        name if not spec and not how else f"{name}!{how}:{spec}"
        for _, name, spec, how in string.Formatter().parse(text)
        if name is not None
    }
