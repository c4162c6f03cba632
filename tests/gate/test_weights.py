"""A network is one file: whatever it would make ONNX Runtime open besides, however it is encoded, it does not load."""

import json

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from releasing import make_workshop, today
from tiny_model import write_tiny_model

from lennox.errors import ModelError, ReleaseRefusedError
from lennox.files import sha256_of
from lennox.gate.check import is_library
from lennox.gate.override import Override
from lennox.gate.statement import RELEASE, sign, verify
from lennox.gate.weights import refuse_external_data
from lennox.inference.load import load_candidate, load_model

OUTSIDE = "may keep tensors in other files"


def name_files(folder, *names):
    """Let the card name the files as they lie there."""
    card = json.loads((folder / "card.json").read_text())
    card["files"] = {name: {"sha256": sha256_of((folder / name).read_bytes())} for name in names}
    (folder / "card.json").write_text(json.dumps(card))
    return folder


def outside(folder, location="weights.bin"):
    """Move the tiny network's constants into another file, as the card then says."""
    model = onnx.load(folder / "model.onnx")
    for tensor in model.graph.initializer:
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor), tensor.name))  # as raw bytes
    onnx.save(model, folder / "model.onnx", save_as_external_data=True, location=location, size_threshold=0)
    return name_files(folder, "model.onnx", location)


def test_a_network_of_one_file_passes(tmp_path):
    refuse_external_data((write_tiny_model(tmp_path / "tiny") / "model.onnx").read_bytes())


def test_a_network_whose_weights_lie_in_another_file_does_not_load_and_is_not_released(tmp_path, monkeypatch):
    shop = make_workshop(tmp_path)
    monkeypatch.setenv("LENNOX_TRUST", str(shop.trust_file))
    outside(shop.folder)
    shop.write_audit()
    for attempt in (
        lambda: load_candidate(shop.folder, "test"),
        lambda: load_model(shop.folder, allow_unreleased=Override("a", "b", today(1))),
        shop.release,
    ):
        with pytest.raises(ModelError, match=OUTSIDE):
            attempt()


@pytest.mark.parametrize("location", ["../secret.bin", "/etc/passwd", "other.bin"])
def test_a_file_anywhere_is_never_opened(tmp_path, location):
    folder = outside(write_tiny_model(tmp_path / "tiny"))
    for path in (tmp_path / "secret.bin", folder / "other.bin"):
        path.write_bytes(b"\0" * 1000)
    model = onnx.load(folder / "model.onnx", load_external_data=False)
    for tensor in model.graph.initializer:
        tensor.external_data[0].value = location
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    name_files(folder, "model.onnx")
    with pytest.raises(ModelError, match=OUTSIDE):
        load_candidate(folder, "test")


def external(name):
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[1], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value=f"{name}.bin")
    return tensor


def within_attribute():
    constant = helper.make_node("Constant", [], ["c"])
    constant.attribute.append(helper.make_attribute("value", external("attribute")))
    return helper.make_model(helper.make_graph([constant], "g", [], []))


def within_subgraph():
    branch = helper.make_graph([], "branch", [], [], [external("branch")])
    choice = helper.make_node("If", ["x"], ["y"], then_branch=branch, else_branch=branch)
    return helper.make_model(helper.make_graph([choice], "g", [], []))


def within_function():
    node = helper.make_node("Constant", [], ["z"])
    node.attribute.append(helper.make_attribute("value", external("function")))
    function = helper.make_function("d", "f", [], ["z"], [node], [helper.make_opsetid("", 17)])
    model = helper.make_model(helper.make_graph([], "g", [], []))
    model.functions.append(function)
    return model


@pytest.mark.parametrize("make", [within_attribute, within_subgraph, within_function])
def test_tensors_in_attributes_subgraphs_and_functions_are_found(make):
    with pytest.raises(ModelError, match=OUTSIDE):
        refuse_external_data(make().SerializeToString())


def test_onnx_runtime_s_own_form_is_refused():
    with pytest.raises(ModelError, match="export it as ONNX"):
        refuse_external_data(b"\0\0\0\0ORTM" + b"\0" * 100)


def varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def fields(data):
    """Number, wire type, value and all bytes of each field of a message without groups."""
    position = 0
    while position < len(data):
        start, numbers = position, []
        for _ in range(2):
            value = shift = 0
            while True:
                byte = data[position]
                position, value, shift = position + 1, value | (byte & 0x7F) << shift, shift + 7
                if byte < 0x80:
                    break
            numbers.append(value)
            if numbers[0] & 7 != 2:
                break
        number, wire = numbers[0] >> 3, numbers[0] & 7
        if wire == 0:
            while data[position] >= 0x80:
                position += 1
        begin = position
        position += {0: 1, 1: 8, 5: 4}[wire] if wire != 2 else numbers[1]
        yield number, wire, data[begin:position], data[start:position]


def hidden(data, path, high_bits):
    """The same message, the tag of a field on the path spelled in five bytes, of which protobuf keeps 32 bits."""
    out = b""
    for number, wire, value, whole in fields(data):
        if not path or number != path[0] or wire != 2:
            out += whole
            continue
        inner = hidden(value, path[1:], high_bits) if path[1:] else value
        tag, spelled = number << 3 | wire, b""
        if not path[1:]:
            spelled = bytes((tag >> shift) & 0x7F | 0x80 for shift in (0, 7, 14, 21))
            tag = high_bits
        out += spelled + varint(tag) + varint(len(inner)) + inner
    return out


@pytest.mark.parametrize("path", [(7,), (7, 5), (7, 5, 13), (7, 5, 13, 1)], ids=["graph", "tensor", "entry", "key"])
@pytest.mark.parametrize("high_bits", [0x00, 0x10, 0x20, 0x40, 0x70])
def test_external_data_cannot_hide_behind_a_tag_that_others_read_differently(tmp_path, monkeypatch, path, high_bits):
    """ONNX Runtime finds the file, in the folder it is run in: it would not have been checked."""
    model = onnx.load(write_tiny_model(tmp_path / "tiny") / "model.onnx")
    shift = onnx.TensorProto(name="shift", data_type=1, dims=[1, 1, 16, 16], data_location=1)
    shift.external_data.add(key="location", value="shift.bin")
    model.graph.initializer.append(shift)
    model.graph.node[1].input[0] = "shifted"
    model.graph.node.insert(1, helper.make_node("Add", ["mean", "shift"], ["shifted"]))
    disguised = hidden(model.SerializeToString(), path, high_bits)

    (tmp_path / "shift.bin").write_bytes(np.full(256, 0.25, np.float32).tobytes())
    monkeypatch.chdir(tmp_path)
    session = onnxruntime.InferenceSession(disguised, providers=["CPUExecutionProvider"])
    assert session.run(None, {"image": np.zeros((1, 1, 64, 64), np.float32)})[0].max() == 0.25
    with pytest.raises(ModelError, match=OUTSIDE):
        refuse_external_data(disguised)


def test_onnx_keeps_the_place_of_external_data_under_the_key_that_is_sought():
    """Against the onnx package: a tensor that it wrote to a file, and no other, has the eight bytes."""
    tensor = numpy_helper.from_array(np.zeros(9, np.float32), "w")
    assert b"location" not in tensor.SerializeToString()
    onnx.external_data_helper.set_external_data(tensor, "w.bin")
    assert b"location" in tensor.SerializeToString()


@pytest.mark.parametrize("name", ["fast.so", "ops.so.1", "OPS.DLL", "a/b.dylib", "x.pyd"])
def test_program_libraries_are_known_by_every_name_that_loads_them(name):
    assert is_library(name)


@pytest.mark.parametrize("name", ["model.onnx", "card.json", "notes.sorted.md", "so", "a.so/notes.md"])
def test_other_files_are_no_program_libraries(name):
    assert not is_library(name)


def test_networks_that_need_a_custom_library_do_not_load_and_the_library_is_not_opened(tmp_path):
    """A node of a domain that ONNX Runtime lacks, with a file beside it that says it has it."""
    folder = write_tiny_model(tmp_path / "tiny")
    model = onnx.load(folder / "model.onnx")
    model.graph.node[2].domain = "theirs"
    model.opset_import.append(helper.make_opsetid("theirs", 1))
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    (folder / "custom.so").write_bytes(b"\x7fELF")
    name_files(folder, "model.onnx", "custom.so")
    with pytest.raises(ModelError, match="ONNX Runtime can open"):
        load_model(folder, allow_unreleased=Override("a", "b", today(1)))


@pytest.mark.parametrize("name", ["fast.so", "ops.so.1"])
def test_a_program_library_in_a_release_is_refused(tmp_path, monkeypatch, name):
    shop = make_workshop(tmp_path)
    monkeypatch.setenv("LENNOX_TRUST", str(shop.trust_file))
    (shop.folder / name).write_bytes(b"\x7fELF")
    with pytest.raises(ReleaseRefusedError, match=f"{name} is a program library; lennox loads none"):
        shop.release()
    (shop.folder / name).unlink()
    shop.release()
    signed = verify((shop.folder / "release.json").read_bytes(), RELEASE)
    (shop.folder / name).write_bytes(b"\x7fELF")
    subjects = dict(signed.subjects) | {name: sha256_of(b"\x7fELF")}
    (shop.folder / "release.json").write_bytes(sign(RELEASE, subjects, signed.predicate, [shop.auditor]))
    with pytest.raises(ReleaseRefusedError, match="program library"):
        load_model(shop.folder)
