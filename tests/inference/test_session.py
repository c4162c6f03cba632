"""What is kept of a network is run only if it is what was written here; anything else is as if there were none."""

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from lennox.errors import ModelError
from lennox.image import Image
from lennox.inference import session
from lennox.inference.model import installed_models, load_candidate
from lennox.inference.prepare import prepare
from lennox.phantom import draw_film

PACKAGE = Path(session.__file__).parent
INPUT = np.random.default_rng(1).random((1, 1, 32, 32), np.float32)


def network(seed=0):
    """A small network with enough weights to be kept outside its graph."""
    rng = np.random.default_rng(seed)
    first = helper.make_tensor("first", TensorProto.FLOAT, [32, 1, 3, 3], rng.normal(0, 1, 288).astype(np.float32))
    second = helper.make_tensor("second", TensorProto.FLOAT, [16, 32, 3, 3], rng.normal(0, 1, 4608).astype(np.float32))
    nodes = [
        helper.make_node("Conv", ["image", "first"], ["middle"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["middle"], ["positive"]),
        helper.make_node("Conv", ["positive", "second"], ["answer"], pads=[1, 1, 1, 1]),
    ]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, 32, 32])
    answer = helper.make_tensor_value_info("answer", TensorProto.FLOAT, [1, 16, 32, 32])
    graph = helper.make_graph(nodes, "small", [image], [answer], [first, second])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()


WEIGHTS = network()


def opened(weights=WEIGHTS, threads=1):
    """The session, and whether it is on what was kept."""
    found = session.open_session(weights, hashlib.sha256(weights).hexdigest(), "small", threads)
    return found, isinstance(found, session._KeptSession)


def answer(found):
    return found.run(None, {"image": INPUT})[0].tobytes()


@pytest.fixture
def plain(monkeypatch):
    """The answer of the network as it came."""
    with monkeypatch.context() as patch:
        patch.setenv("LENNOX_CACHE", "off")
        found, kept = opened()
    assert not kept
    return answer(found)


@pytest.fixture
def folder(own_home):
    return own_home / "cache" / "lennox"


@pytest.fixture
def entry(folder):
    """The file of a network that is kept."""
    opened()
    (found,) = folder.iterdir()
    return found


@pytest.fixture
def keeps(monkeypatch):
    """How often a network was optimised to be kept."""
    calls, keep = [], session._keep

    def counted(*arguments):
        calls.append(arguments)
        return keep(*arguments)

    monkeypatch.setattr(session, "_keep", counted)
    return calls


def test_a_network_is_kept_at_first_and_answers_the_same_bits_ever_after(plain, folder, keeps):
    for _ in range(3):
        found, kept = opened()
        assert kept
        assert answer(found) == plain
    assert len(keeps) == 1
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize("threads", [1, 2])
def test_the_shipped_models_answer_the_same_bits_on_drawn_films(threads, monkeypatch):
    films = [Image.from_array(draw_film(seed, bits=bits).pixels) for seed, bits in ((1, 8), (2, 12), (3, 16))]
    for place in installed_models():
        models = []
        for setting in ("off", None, None):  # as it came; kept by this process; kept by one before
            with monkeypatch.context() as patch:
                if setting:
                    patch.setenv("LENNOX_CACHE", setting)
                models.append(load_candidate(place, threads=threads))
        assert [isinstance(model._session, session._KeptSession) for model in models] == [False, True, True]
        for film in films:
            first, *others = [model.predict(prepare(film, model.card.contract)) for model in models]
            for other in others:
                assert other.probability_map.values.tobytes() == first.probability_map.values.tobytes()
                assert other.distance == first.distance


def flipped(place):
    def damage(file):
        data = bytearray(file.read_bytes())
        data[place if place >= 0 else len(data) + place] ^= 0x10
        file.write_bytes(data)

    return damage


def into_folder(file):
    file.unlink()
    file.mkdir()


def into_link(file):
    moved = file.rename(file.with_name("moved"))
    file.symlink_to(moved)


def into_pipe(file):
    file.unlink()
    os.mkfifo(file)


DAMAGE = {
    "tag": flipped(3),
    "length": flipped(32),
    "padding": flipped(100),
    "weights": flipped(5000),
    "graph": flipped(-9),
    "last byte": flipped(-1),
    "cut": lambda file: file.write_bytes(file.read_bytes()[:-1]),
    "cut in the weights": lambda file: file.write_bytes(file.read_bytes()[:6000]),
    "cut at the tag": lambda file: file.write_bytes(file.read_bytes()[:40]),
    "longer": lambda file: file.write_bytes(file.read_bytes() + b"\0"),
    "empty": lambda file: file.write_bytes(b""),
    "a plain network": lambda file: file.write_bytes(WEIGHTS),
    "a folder": into_folder,
    "a link": into_link,
    "a pipe": into_pipe,
    "others may write it": lambda file: file.chmod(0o666),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_what_is_damaged_is_not_run_but_kept_anew(damage, entry, plain, folder, keeps):
    damage(entry)
    found, _ = opened()
    assert answer(found) == plain
    assert len(keeps) == 1
    assert not list(folder.glob(".draft-*"))
    again, kept = opened()
    assert answer(again) == plain
    assert kept or damage is into_folder


def test_any_flipped_byte_is_seen(entry):
    place = session._place(hashlib.sha256(WEIGHTS).hexdigest())
    whole = entry.read_bytes()
    place.read()
    for at in range(0, len(whole), 97):
        entry.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(ValueError, match="not what was written here"):
            place.read()


def test_another_network_under_the_same_name_is_not_run(entry, folder, plain):
    """Somebody who may write to the folder puts there what was properly kept, of another network."""
    other, _ = opened(network(seed=5))
    (foreign,) = set(folder.iterdir()) - {entry}
    foreign.replace(entry)
    found, _ = opened()
    assert answer(found) == plain != answer(other)


def test_what_another_user_wrote_is_not_run(entry, own_home, plain, keeps):
    """The same network and computer, but another secret."""
    (own_home / "config" / "lennox" / "session.key").write_bytes(b"k" * 32)
    found, _ = opened()
    assert answer(found) == plain
    assert len(keeps) == 1


@pytest.mark.parametrize("part", ["onnxruntime", "processor", "form"])
def test_another_runtime_processor_or_form_has_its_own(part, entry, folder, monkeypatch, plain, keeps):
    if part == "onnxruntime":
        monkeypatch.setattr(session.onnxruntime, "__version__", "9.9.9")
    elif part == "processor":
        monkeypatch.setattr(session, "_processor", lambda: "flags: none")
    else:
        monkeypatch.setattr(session, "FORM", "lennox-session/0")
    place = session._place(hashlib.sha256(WEIGHTS).hexdigest())
    assert place.file != entry
    entry.rename(place.file)  # even under the other's name it does not pass
    found, _ = opened()
    assert answer(found) == plain
    assert len(keeps) == 1


def test_the_processor_is_described_by_what_decides_the_form_alone():
    text = session._processor()
    assert text == session._processor()
    assert "flags" in text or "Features" in text
    assert "MHz" not in text


def not_kept(plain, folder):
    found, kept = opened()
    assert not kept
    assert answer(found) == plain
    assert not folder.exists() or not list(folder.iterdir())


def test_off_is_off(monkeypatch, plain, folder, own_home):
    monkeypatch.setenv("LENNOX_CACHE", "off")
    not_kept(plain, folder)
    assert not (own_home / "config").exists()


def test_an_older_runtime_keeps_nothing(monkeypatch, plain, folder, keeps):
    monkeypatch.delattr(session.onnxruntime.SessionOptions, "add_external_initializers_from_files_in_memory")
    not_kept(plain, folder)
    assert not keeps


def test_another_folder(monkeypatch, tmp_path, folder):
    monkeypatch.setenv("LENNOX_CACHE", str(tmp_path / "elsewhere"))
    assert opened()[1]
    assert [file.suffix for file in (tmp_path / "elsewhere").iterdir()] == [".session"]
    assert not folder.exists()


def test_a_folder_open_to_others_is_not_used(plain, folder):
    folder.mkdir(parents=True)
    folder.chmod(0o775)
    not_kept(plain, folder)


def test_a_folder_of_another_user_is_not_used(plain, folder, monkeypatch):
    folder.mkdir(parents=True)
    own = os.getuid()
    monkeypatch.setattr(session.os, "getuid", lambda: own + 1)
    not_kept(plain, folder)


def test_a_file_in_place_of_the_folder(plain, folder):
    folder.parent.mkdir()
    folder.write_text("no folder")
    found, kept = opened()
    assert not kept
    assert answer(found) == plain


def test_a_read_only_folder(plain, folder):
    folder.mkdir(parents=True)
    folder.chmod(0o500)
    if os.access(folder, os.W_OK):
        pytest.skip("root may write everywhere")
    not_kept(plain, folder)


def test_a_folder_that_cannot_be_written(plain, folder, monkeypatch):
    def refused(*arguments, **options):
        raise PermissionError(13, "read-only")

    opened(network(seed=2))  # the secret is there
    for file in folder.iterdir():
        file.unlink()
    monkeypatch.setattr(tempfile, "NamedTemporaryFile", refused)
    not_kept(plain, folder)


def test_a_full_disk_is_seen_before_the_work(plain, folder, monkeypatch):
    stat = os.statvfs("/")
    monkeypatch.setattr(session.os, "statvfs", lambda path: os.statvfs_result([*stat[:4], 0, *stat[5:10]]))
    not_kept(plain, folder)


def test_a_disk_that_fills_up_meanwhile(plain, folder, monkeypatch):
    def full(place, graph, weights, draft):
        draft.write(weights[:1000])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(session._Place, "write", full)
    not_kept(plain, folder)


def test_no_folder_for_building(plain, folder, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    not_kept(plain, folder)


def test_no_home(plain, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    found, kept = opened()
    assert not kept
    assert answer(found) == plain


def test_an_optimised_network_that_answers_differently_is_not_kept(plain, folder, monkeypatch):
    answers = iter([[b"0"], [b"1"]])
    monkeypatch.setattr(session, "_answer", lambda found: next(answers))
    not_kept(plain, folder)


@pytest.mark.parametrize("secret", [b"", b"short", b"x" * 33], ids=["empty", "short", "long"])
def test_a_damaged_secret_is_replaced(secret, own_home, plain):
    key = own_home / "config" / "lennox" / "session.key"
    key.parent.mkdir(parents=True)
    key.write_bytes(secret)
    key.chmod(0o600)
    found, kept = opened()
    assert kept
    assert answer(found) == plain
    assert len(key.read_bytes()) == 32


def test_a_secret_that_others_may_read_is_replaced(entry, own_home, keeps):
    key = own_home / "config" / "lennox" / "session.key"
    assert key.stat().st_mode & 0o777 == 0o600
    known = key.read_bytes()
    key.chmod(0o644)
    opened()
    assert key.read_bytes() != known
    assert key.stat().st_mode & 0o777 == 0o600
    assert len(keeps) == 1


def test_the_folder_holds_few_networks_those_used_last(folder):
    session_of = {}
    for seed in range(6):
        before = set(folder.iterdir()) if folder.exists() else set()
        opened(network(seed))
        (session_of[seed],) = set(folder.iterdir()) - before
        os.utime(session_of[seed], (seed, seed))
        if seed == 3:
            opened(network(0))  # used again: not the one used longest ago any more
    left = set(folder.iterdir())
    assert len(left) == session.MAX_KEPT
    assert {session_of[0], session_of[5]} <= left
    assert session_of[1] not in left


def test_what_a_killed_process_left_goes_after_an_hour(folder):
    folder.mkdir(parents=True, mode=0o700)
    old, new = folder / ".draft-old", folder / ".draft-new"
    old.write_bytes(b"half")
    new.write_bytes(b"half")
    os.utime(old, (0, 0))
    opened()
    assert not old.exists()
    assert new.exists()


def test_many_processes_at_once(folder, plain, tmp_path):
    """All begin without anything kept, secret included; each answers, and what is left is whole."""
    (tmp_path / "small.onnx").write_bytes(WEIGHTS)
    np.save(tmp_path / "input.npy", INPUT)
    program = (
        "import hashlib, numpy, sys; from lennox.inference.session import open_session\n"
        "sys.stdin.readline(); weights = open('small.onnx', 'rb').read()\n"
        "found = open_session(weights, hashlib.sha256(weights).hexdigest(), 'small', 1)\n"
        "print(hashlib.sha256(found.run(None, {'image': numpy.load('input.npy')})[0].tobytes()).hexdigest())"
    )
    several = [
        subprocess.Popen(
            [sys.executable, "-P", "-c", program],
            cwd=tmp_path,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in range(4)
    ]
    for process in several:
        process.stdin.write("go\n")
        process.stdin.flush()
    said = {process.communicate()[0].strip() for process in several}
    assert said == {hashlib.sha256(plain).hexdigest()}
    assert [file.suffix for file in folder.iterdir()] == [".session"]
    opened()  # whoever's secret came last may not be that of whoever's network came last
    assert opened()[1]


def test_a_file_that_is_no_network_is_an_error_and_nothing_is_kept(folder):
    with pytest.raises(ModelError, match=r"small: model\.onnx is not a network"):
        opened(b"not a network")
    assert not list(folder.iterdir())


def test_a_network_without_weights_of_size_is_kept_too(folder):
    model = onnx.load_model_from_string(WEIGHTS)
    del model.graph.node[1:]
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info("middle", TensorProto.FLOAT, [1, 32, 32, 32]))
    del model.graph.initializer[:]
    model.graph.initializer.append(helper.make_tensor("first", TensorProto.FLOAT, [32, 1, 1, 1], [0.5] * 32))
    model.graph.node[0].attribute[0].CopyFrom(helper.make_attribute("pads", [0, 0, 0, 0]))
    assert [opened(model.SerializeToString())[1] for _ in range(2)] == [True, True]


def test_no_library_of_operators_is_ever_loaded():
    for file in PACKAGE.rglob("*.py"):
        assert "custom_ops" not in file.read_text(), f"{file.name} loads operators"


def test_nothing_is_kept_or_sent_for_the_makers_of_onnx_runtime(own_home):
    """ONNX Runtime reports how it is used unless told not to; what it has to say lies in the cache folder first."""
    program = (
        "import sys; sys.path[:0] = sys.argv[1:2]; from pathlib import Path; from tiny_model import write_tiny_model\n"
        "from lennox.inference.model import load_candidate; load_candidate(write_tiny_model(Path(sys.argv[2])))"
    )
    quiet = {name: value for name, value in os.environ.items() if name not in ("CI", "ORT_DISABLE_TELEMETRY")}
    support = Path(__file__).parents[1] / "support"
    subprocess.run([sys.executable, "-P", "-c", program, support, own_home / "tiny"], env=quiet, check=True)
    assert [file.name for file in (own_home / "cache").iterdir()] == ["lennox"]
