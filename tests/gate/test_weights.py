import json
import random
import shutil

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from releasing import make_workshop, today
from tiny_model import write_tiny_model

from lennox.errors import ModelError, ReleaseRefusedError
from lennox.files import sha256_of
from lennox.gate.bundle import Files
from lennox.gate.override import Override
from lennox.gate.statement import RELEASE, sign, verify
from lennox.gate.weights import _CHILDREN, _encoded, _fields, external_names, weights_sha256, with_external_data
from lennox.geometry import Placement
from lennox.inference.model import load_candidate, load_model
from lennox.inference.prepare import Prepared


def outside(folder):
    """Move the tiny network's constants into an external-data file, as the card then says."""
    model = onnx.load(folder / "model.onnx")
    for tensor in model.graph.initializer:
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor), tensor.name))  # as raw bytes
    onnx.save(model, folder / "model.onnx", save_as_external_data=True, location="weights.bin", size_threshold=0)
    card = json.loads((folder / "card.json").read_text())
    card["files"] = {
        name: {"sha256": sha256_of((folder / name).read_bytes())} for name in ("model.onnx", "weights.bin")
    }
    (folder / "card.json").write_text(json.dumps(card))
    return folder


@pytest.fixture
def folder(tmp_path):
    return outside(write_tiny_model(tmp_path / "tiny", distance=3.5))


def test_external_data_is_found_and_taken_in(folder, tmp_path):
    model, data = (folder / "model.onnx").read_bytes(), (folder / "weights.bin").read_bytes()
    assert external_names(model) == ("weights.bin",)
    whole = with_external_data(model, {"weights.bin": data})
    assert external_names(whole) == ()
    plain = write_tiny_model(tmp_path / "plain", distance=3.5)
    read = onnx.load_from_string(whole)
    for tensor, wanted in zip(read.graph.initializer, onnx.load(plain / "model.onnx").graph.initializer, strict=True):
        np.testing.assert_array_equal(numpy_helper.to_array(tensor), numpy_helper.to_array(wanted))


def test_a_model_with_external_data_loads_only_with_it(folder):
    model = load_candidate(folder)
    prepared = Prepared(np.zeros((1, 1, 64, 64), np.float32), Placement.letterbox(64, 64, 64, 64))
    assert model.predict(prepared).distance == 3.5
    assert model.sha256 != sha256_of((folder / "model.onnx").read_bytes())
    data = (folder / "weights.bin").read_bytes()
    (folder / "weights.bin").write_bytes(bytes([data[0] ^ 1]) + data[1:])
    with pytest.raises(ModelError, match=r"weights.bin has SHA-256"):
        load_candidate(folder)
    (folder / "weights.bin").unlink()
    with pytest.raises(ModelError, match=r"weights\.bin: cannot be read"):
        load_candidate(folder)


def test_external_data_is_part_of_a_release(tmp_path, monkeypatch):
    shop = make_workshop(tmp_path)
    monkeypatch.setenv("LENNOX_TRUST", str(shop.trust_file))
    outside(shop.folder)
    shop.write_audit()
    with pytest.raises(ReleaseRefusedError, match="of other weights"):
        shop.release()  # the audit names model.onnx alone, which says nothing of the weights
    shop.write_audit(weights=load_candidate(shop.folder).sha256)
    shop.release()
    load_model(shop.folder)
    whole = (shop.folder / "weights.bin").read_bytes()
    for altered in (bytes([whole[0] ^ 1]) + whole[1:], whole[:-1], whole + b"\0", b""):
        (shop.folder / "weights.bin").write_bytes(altered)
        with pytest.raises(ReleaseRefusedError, match=r"weights\.bin is not the file"):
            load_model(shop.folder)
    shutil.move(shop.folder / "weights.bin", tmp_path / "weights.bin")
    with pytest.raises(ReleaseRefusedError, match=r"weights\.bin is missing"):
        load_model(shop.folder)
    (shop.folder / "weights.bin").symlink_to(tmp_path / "weights.bin")
    with pytest.raises(ReleaseRefusedError, match="is a link"):
        load_model(shop.folder)


@pytest.mark.parametrize("location", ["../secret.bin", "/etc/passwd", "other.bin"])
def test_external_data_that_the_card_does_not_name_is_never_opened(folder, location):
    (folder.parent / "secret.bin").write_bytes(b"\0" * 1000)
    (folder / "other.bin").write_bytes(b"\0" * 1000)
    model = onnx.load(folder / "model.onnx", load_external_data=False)
    for tensor in model.graph.initializer:
        tensor.external_data[0].value = location
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    card = json.loads((folder / "card.json").read_text())
    card["files"] = {"model.onnx": {"sha256": sha256_of((folder / "model.onnx").read_bytes())}}
    (folder / "card.json").write_text(json.dumps(card))
    with pytest.raises(ModelError, match="does not give the SHA-256 of"):
        load_candidate(folder)


def test_tensors_in_attributes_subgraphs_and_functions_are_found():
    def external(name):
        tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[1], data_location=TensorProto.EXTERNAL)
        tensor.external_data.add(key="location", value=f"{name}.bin")
        return tensor

    constant = helper.make_node("Constant", [], ["c"])
    constant.attribute.append(helper.make_attribute("value", external("attribute")))
    branch = helper.make_graph([], "branch", [], [], [external("branch")])
    choice = helper.make_node("If", ["x"], ["y"], then_branch=branch, else_branch=branch)
    within = helper.make_node("Constant", [], ["z"])
    within.attribute.append(helper.make_attribute("value", external("function")))
    function = helper.make_function("d", "f", [], ["z"], [within], [helper.make_opsetid("", 17)])
    model = helper.make_model(helper.make_graph([constant, choice], "g", [], [], [external("graph")]))
    model.functions.append(function)
    names = {"attribute.bin", "branch.bin", "function.bin", "graph.bin"}
    assert set(external_names(model.SerializeToString())) == names
    whole = with_external_data(model.SerializeToString(), dict.fromkeys(names, b"\0\0\x80\x3f"))
    assert external_names(whole) == ()
    read = onnx.load_from_string(whole)
    assert numpy_helper.to_array(read.graph.initializer[0]).tolist() == [1.0]
    assert numpy_helper.to_array(read.functions[0].node[0].attribute[0].t).tolist() == [1.0]


@pytest.mark.parametrize("broken", ["both", "half", "short"])
def test_tensors_that_contradict_themselves_are_refused(broken):
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="w.bin")
    if broken == "both":
        tensor.raw_data = b"\0" * 16
    if broken == "half":
        tensor.data_location = TensorProto.DEFAULT
    if broken == "short":
        tensor.external_data.add(key="offset", value="8")
        tensor.external_data.add(key="length", value="16")
    model = helper.make_model(helper.make_graph([], "g", [], [], [tensor])).SerializeToString()
    with pytest.raises(ModelError):
        with_external_data(model, {"w.bin": b"\0" * 16})


def test_damaged_networks_end_in_one_sentence(folder):
    model, random_ = (folder / "model.onnx").read_bytes(), random.Random(1)
    data = {"weights.bin": (folder / "weights.bin").read_bytes()}
    for _ in range(400):
        altered = bytearray(model)
        for _ in range(random_.randrange(1, 4)):
            altered[random_.randrange(len(altered))] = random_.randrange(256)
        try:
            with_external_data(bytes(altered[: random_.randrange(1, len(altered) + 1)]), data)
        except ModelError:
            continue


def test_onnx_runtime_s_own_form_is_refused(folder):
    with pytest.raises(ModelError, match="export it as ONNX"):
        external_names(b"\0\0\0\0ORTM" + b"\0" * 100)


def test_networks_that_need_a_custom_library_do_not_load_and_the_library_is_not_opened(tmp_path):
    """A node of a domain that ONNX Runtime lacks, with a file beside it that says it has it."""
    folder = write_tiny_model(tmp_path / "tiny")
    model = onnx.load(folder / "model.onnx")
    model.graph.node[2].domain = "theirs"
    model.opset_import.append(helper.make_opsetid("theirs", 1))
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    (folder / "custom.so").write_bytes(b"\x7fELF")
    card = json.loads((folder / "card.json").read_text())
    names = ("model.onnx", "custom.so")
    card["files"] = {name: {"sha256": sha256_of((folder / name).read_bytes())} for name in names}
    (folder / "card.json").write_text(json.dumps(card))
    with pytest.raises(ModelError, match="ONNX Runtime can open"):
        load_model(folder, allow_unreleased=Override("a", "b", today(1)))


def test_a_program_library_in_a_release_is_refused(tmp_path, monkeypatch):
    shop = make_workshop(tmp_path)
    monkeypatch.setenv("LENNOX_TRUST", str(shop.trust_file))
    (shop.folder / "fast.so").write_bytes(b"\x7fELF")
    with pytest.raises(ReleaseRefusedError, match=r"fast.so is a program library; lennox loads none\."):
        shop.release()
    (shop.folder / "fast.so").unlink()
    shop.release()
    signed = verify((shop.folder / "release.json").read_bytes(), RELEASE)
    (shop.folder / "fast.so").write_bytes(b"\x7fELF")
    subjects = dict(signed.subjects) | {"fast.so": sha256_of(b"\x7fELF")}
    (shop.folder / "release.json").write_bytes(sign(RELEASE, subjects, signed.predicate, [shop.auditor]))
    with pytest.raises(ReleaseRefusedError, match="program library"):
        load_model(shop.folder)


def test_the_digest_of_weights_without_external_data_is_that_of_the_file(tmp_path):
    model = (write_tiny_model(tmp_path / "tiny") / "model.onnx").read_bytes()
    assert weights_sha256(Files.of({"model.onnx": model})) == sha256_of(model)


def test_parts_taken_again_and_again_do_not_fill_the_memory(folder, monkeypatch):
    model, data = (folder / "model.onnx").read_bytes(), (folder / "weights.bin").read_bytes()
    with_external_data(model, {"weights.bin": data})
    monkeypatch.setattr("lennox.gate.weights.MAX_BYTES", 3)
    with pytest.raises(ModelError, match="more than 0 GiB of external data"):
        with_external_data(model, {"weights.bin": data})


def hidden(data, path, high_bits):
    """The same message, the tag of a field on the path spelled in five bytes, of which protobuf keeps 32 bits."""
    out = b""
    for number, wire, value, whole in _fields(memoryview(data)):
        if not path or number != path[0] or wire != 2:
            out += bytes(whole)
            continue
        inner = hidden(bytes(value), path[1:], high_bits) if path[1:] else bytes(value)
        tag, spelled = number << 3 | wire, bytearray()
        if not path[1:]:
            spelled += bytes((tag >> shift) & 0x7F | 0x80 for shift in (0, 7, 14, 21))
            tag = high_bits
        out += bytes(spelled) + _encoded(tag) + _encoded(len(inner)) + inner
    return out


@pytest.mark.parametrize("path", [(7,), (7, 5), (7, 5, 13)], ids=["graph", "tensor", "entry"])
@pytest.mark.parametrize("high_bits", [0x10, 0x20, 0x40, 0x70])
def test_external_data_cannot_hide_behind_a_tag_that_others_read_differently(tmp_path, monkeypatch, path, high_bits):
    """ONNX Runtime finds the file, in the folder it is run in: nobody would have checked it."""
    model = onnx.load(write_tiny_model(tmp_path / "tiny") / "model.onnx")
    shift = onnx.TensorProto(name="shift", data_type=1, dims=[1, 1, 16, 16], data_location=1)
    shift.external_data.add(key="location", value="shift.bin")
    model.graph.initializer.append(shift)
    model.graph.node[1].input[0] = "shifted"
    model.graph.node.insert(1, helper.make_node("Add", ["mean", "shift"], ["shifted"]))
    plain = model.SerializeToString()
    assert external_names(hidden(plain, path, 0)) == ("shift.bin",)  # five bytes alone are well

    disguised = hidden(plain, path, high_bits)
    (tmp_path / "shift.bin").write_bytes(np.full(256, 0.25, np.float32).tobytes())
    monkeypatch.chdir(tmp_path)
    session = onnxruntime.InferenceSession(disguised, providers=["CPUExecutionProvider"])
    assert session.run(None, {"image": np.zeros((1, 1, 64, 64), np.float32)})[0].max() == 0.25
    for look in (external_names, lambda data: with_external_data(data, {})):
        with pytest.raises(ModelError, match="not an ONNX network"):
            look(disguised)


def test_every_place_of_onnx_where_a_tensor_may_be_is_looked_into():
    """Against the definition that the onnx package brings, so that a place added there is not overlooked."""
    messages = {}

    def collect(message):
        if message.full_name not in messages:
            messages[message.full_name] = message
            for field in message.fields:
                if field.message_type:
                    collect(field.message_type)

    collect(onnx.ModelProto.DESCRIPTOR)
    leading = {"onnx.TensorProto"}
    for _ in messages:
        leading |= {
            name for name, message in messages.items()
            if any(field.message_type and field.message_type.full_name in leading for field in message.fields)
        }  # fmt: skip
    named = {"ModelProto": "model", "GraphProto": "graph", "NodeProto": "node", "AttributeProto": "attribute",
             "SparseTensorProto": "sparse", "TrainingInfoProto": "training", "FunctionProto": "function",
             "TensorProto": "tensor"}  # fmt: skip
    assert {
        named[messages[name].name]: {
            field.number: named[field.message_type.name]
            for field in messages[name].fields
            if field.message_type and field.message_type.full_name in leading
        }
        for name in leading
    } == _CHILDREN
