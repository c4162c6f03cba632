"""What an ONNX file keeps outside itself: tensors in external-data files, taken in so that one buffer is the network.

ONNX Runtime would open such files by itself, after they were checked. Here every tensor that points outside gets the
bytes that were read and checked, so that nothing is left to open. Only as much of the protobuf form is read as that
takes (onnx.proto, IR 3 to 13); a file that is not of this form is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from lennox.errors import ModelError
from lennox.files import sha256_of
from lennox.gate.bundle import MAX_BYTES, Files
from lennox.gate.statement import canonical

# message -> field -> message: everywhere that a tensor may be
_CHILDREN: dict[str, dict[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "tensor": {},
}
_RAW, _EXTERNAL, _LOCATION = 9, 13, 14
_BYTES = 2  # protobuf's wire type of everything that has a length
_DEEPEST = 50


def external_names(model: bytes) -> tuple[str, ...]:
    """The external-data files that a network needs, in order of first use. Raises ModelError if it is not ONNX."""
    names: dict[str, None] = {}

    def note(name: str, offset: int, length: int | None) -> bytes:
        names[name] = None
        return b""

    _with_data(model, note)
    return tuple(names)


def with_external_data(model: bytes, files: Mapping[str, bytes]) -> bytes:
    """The same network with its external data within. Raises ModelError if a file or a part of one is missing.

    files : name -> bytes
    """
    left = MAX_BYTES

    def take(name: str, offset: int, length: int | None) -> bytes:
        if name not in files:
            raise ModelError(f"its external data '{name[:80]}' is missing.")
        end = len(files[name]) if length is None else offset + length
        if not 0 <= offset <= end <= len(files[name]):
            raise ModelError(f"its external data '{name[:80]}' is shorter than the network says.")
        nonlocal left
        left -= end - offset  # a part may be taken many times
        if left < 0:
            raise ModelError(f"it has more than {MAX_BYTES >> 30} GiB of external data.")
        return files[name][offset:end]

    return _with_data(model, take)


def weights_sha256(files: Files) -> str:
    """What identifies a network: the digest of model.onnx; with external data, of the list of all and their digests."""
    outside = external_names(files.data["model.onnx"])
    if not outside:
        return files.sha256["model.onnx"]
    return sha256_of(canonical({name: files.sha256[name] for name in (*outside, "model.onnx") if name in files.sha256}))


def _with_data(model: bytes, take: Callable[[str, int, int | None], bytes]) -> bytes:
    if model[4:8] == b"ORTM":
        raise ModelError("it is in ONNX Runtime's own form; export it as ONNX.")
    # The key that every tensor with external data has, sought from behind, which is two to three times as fast.
    if model.rfind(b"location") < 0:
        return model
    try:
        return _rebuilt(memoryview(model), "model", take, 0)
    except (IndexError, ValueError, RecursionError) as error:
        raise ModelError("it is not an ONNX network.") from error


def _rebuilt(data: memoryview, message: str, take: Callable[[str, int, int | None], bytes], depth: int) -> bytes:
    if depth > _DEEPEST:
        raise ValueError("nested too deep")
    if message == "tensor":
        return _tensor(data, take)
    children, parts, changed = _CHILDREN[message], [], False
    for field, wire, value, whole in _fields(data):
        if wire == _BYTES and field in children:
            new = _rebuilt(value, children[field], take, depth + 1)
            if new != value:
                parts.append(_field(field, new))
                changed = True
                continue
        parts.append(bytes(whole))
    return b"".join(parts) if changed else bytes(data)


def _tensor(data: memoryview, take: Callable[[str, int, int | None], bytes]) -> bytes:
    entries: dict[str, str] = {}
    kept, outside, has_raw = [], False, False
    for field, wire, value, whole in _fields(data):
        if field == _EXTERNAL:
            if wire != _BYTES:
                raise ValueError("external data")
            pair = {number: bytes(part).decode("utf-8") for number, _, part, _ in _fields(value)}
            entries[pair.get(1, "")] = pair.get(2, "")
        elif field == _LOCATION:
            outside = bytes(value) != b"\0"
        else:
            has_raw = has_raw or field == _RAW
            kept.append(bytes(whole))
    if not outside and not entries:
        return bytes(data)
    if not outside or has_raw or "location" not in entries:
        raise ValueError("a tensor both here and outside")
    length = int(entries["length"]) if "length" in entries else None
    return b"".join(kept) + _field(_RAW, take(entries["location"], int(entries.get("offset", "0")), length))


def _fields(data: memoryview) -> Iterator[tuple[int, int, memoryview, memoryview]]:
    """Number, wire type, value and the whole of each field."""
    place, end = 0, len(data)
    while place < end:
        start = place
        key, place = _varint(data, place)
        if not 8 <= key < 1 << 32:  # protobuf keeps 32 bits of it: others would read another field than we do
            raise ValueError("field")
        wire = key & 7
        if wire == 0:
            begin = place
            _, place = _varint(data, place)
        elif wire == 1:
            begin, place = place, place + 8
        elif wire == 5:
            begin, place = place, place + 4
        elif wire == _BYTES:
            length, begin = _varint(data, place)
            place = begin + length
        else:
            raise ValueError("wire type")
        if place > end:
            raise ValueError("cut off")
        yield key >> 3, wire, data[begin:place], data[start:place]


def _varint(data: memoryview, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7
        if shift > 63:
            raise ValueError("varint")


def _field(number: int, value: bytes) -> bytes:
    return _encoded(number << 3 | _BYTES) + _encoded(len(value)) + value


def _encoded(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
