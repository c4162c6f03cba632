"""How the fuzzer changes what has a form: JSON by its values, text by its lines; sometimes bytes, by libFuzzer."""

import json
import math
import random
import re

import atheris

STRANGE = (
    None, True, False, 0, 1, -1, 2, 0.5, -0.0, 1e308, 1e-320, 10**30, 2**63, math.nan, math.inf, "", " ", "0", "1e999",
    "nan", "caries", "<b>&amp;", "=1+1", "../x", "\u202e\u200b", "\ud800", "\x1b[31m\n\0", "é", "e\u0301", [], [[]],
    [0, 0], [1, 2, 3, 4], {}, {"": None}, {"value": []}, {"a": {"b": {}}},
)  # fmt: skip
TOKENS = (
    b"", b"0", b"-1", b"1e999", b"nan", b"true", b"''", b'""', b'"\\u0000"', b"[]", b"[[1]]", b"{}",
    b"1979-05-27", b"=", b",", b";", b"\t", b"\r", b"#", b'"', b"'''", b"\xff", b"\xef\xbb\xbf", b"\x00", b"{n}",
    b"{0.__class__}", b"%s", b"99999999999999999999", b"1" * 400, "\u202e".encode(),
)  # fmt: skip
_TOKEN = re.compile(rb"[^\s,;=\"\[\]{}]+")


def mutate_json(data, most, seed):
    """One to four values of a document replaced, removed, doubled or moved."""
    rng = random.Random(seed)
    if rng.random() < 0.6:
        return atheris.Mutate(data, most)
    try:
        document = json.loads(data)
        for _ in range(rng.choice((1, 1, 2, 4))):
            document = _changed(document, rng)
        return json.dumps(document, ensure_ascii=rng.random() < 0.7).encode("utf-8", "surrogatepass")[:most]
    except (ValueError, RecursionError):
        return atheris.Mutate(data, most)


def _changed(document, rng):
    places = list(_places(document)) if isinstance(document, (dict, list)) else []
    if not places:
        return rng.choice(STRANGE)
    holder, key = rng.choice(places)
    how = rng.randrange(6)
    if how == 0:
        del holder[key]
    elif how == 1:
        source, at = rng.choice(places)
        holder[key] = json.loads(json.dumps(source[at]))
    elif how == 2 and isinstance(holder, list):
        holder.insert(key, json.loads(json.dumps(holder[key])))
    elif how == 3 and isinstance(holder[key], (int, float)) and math.isfinite(holder[key]):
        holder[key] = holder[key] * rng.choice((-1, 0.5, 2, 10, 1e9)) + rng.choice((0, 1, -1, 0.25))
    else:
        holder[key] = rng.choice(STRANGE)
    return document


def _places(value):
    """Where each value of a document lies: its holder and its key there."""
    for key, part in list(value.items() if isinstance(value, dict) else enumerate(value)):
        yield value, key
        if isinstance(part, (dict, list)):
            yield from _places(part)


def mutate_lines(data, most, seed):
    """A line or a word replaced, removed, doubled or moved."""
    rng = random.Random(seed)
    if rng.random() < 0.6:
        return atheris.Mutate(data, most)
    lines = data.split(b"\n")
    for _ in range(rng.choice((1, 1, 2, 3))):
        at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
        how = rng.randrange(6)
        if how == 0 and len(lines) > 1:
            del lines[at]
        elif how == 1:
            lines.insert(at, lines[other])
        elif how == 2:
            lines[at], lines[other] = lines[other], lines[at]
        else:
            words = list(_TOKEN.finditer(lines[at]))
            if words:
                word = rng.choice(words)
                lines[at] = lines[at][: word.start()] + rng.choice(TOKENS) + lines[at][word.end() :]
    return b"\n".join(lines)[:most]
