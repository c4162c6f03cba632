import pickle
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image as Raster
from tiny_model import write_tiny_model

import lennox
from lennox.inference.load import load_candidate
from lennox.phantom import draw_film


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return load_candidate(write_tiny_model(tmp_path_factory.mktemp("models") / "tiny"), "test")


@pytest.fixture(scope="module")
def film():
    return draw_film(3).pixels


@pytest.fixture(scope="module")
def films(tmp_path_factory, film):
    """Ten files in one folder: films, a broken file and a colour picture among them."""
    folder = tmp_path_factory.mktemp("films")
    for number in range(10):
        Raster.fromarray(np.roll(film, number, 1)).save(folder / f"{number}.png")
    (folder / "4.png").write_bytes(b"not a picture")
    colours = np.random.default_rng(0).integers(0, 255, (300, 400, 3), np.uint8)
    Raster.fromarray(colours).save(folder / "7.png")
    return sorted(folder.iterdir())


def statuses(examinations):
    return [examination.status for examination in examinations]


EXPECTED = ["unreadable" if n == 4 else "not assessable" if n == 7 else "assessed" for n in range(10)]


def test_many_films_come_back_in_order_and_a_bad_one_stops_nothing(model, films):
    examinations = list(lennox.diagnose_many(films, model))
    assert [examination.source.name for examination in examinations] == [path.name for path in films]
    assert statuses(examinations) == EXPECTED
    assert all(str(path.parent) not in str(examination) for path, examination in zip(films, examinations, strict=True))


@pytest.mark.parametrize("pool", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_any_executor_gives_the_same(model, films, pool):
    alone = list(lennox.diagnose_many(films, model))
    with pool(2) as executor:
        assert list(lennox.diagnose_many(films, model, executor=executor)) == alone


def test_another_process_loads_the_model_once_a_run_and_anew_for_the_next(model, films, monkeypatch):
    loads = []
    load = lennox.inference.model.Model.__init__

    def counted(self, *arguments, **options):
        loads.append(threading.get_ident())
        load(self, *arguments, **options)

    class Sending(ThreadPoolExecutor):
        def submit(self, work, path):
            sent = pickle.loads(pickle.dumps(work))
            return super().submit(pickle.loads(pickle.dumps(sent)), path)  # Dask's scheduler passes it on

    monkeypatch.setattr(lennox.inference.model.Model, "__init__", counted)
    alone = list(lennox.diagnose_many(films, model))
    for runs in (1, 2):
        with Sending(2) as executor:
            assert list(lennox.diagnose_many(films, model, executor=executor)) == alone
        assert len(loads) == runs


def test_a_clinic_network_gives_the_same(model, films):
    distributed = pytest.importorskip("distributed", reason="Dask is not installed")
    alone = list(lennox.diagnose_many(films, model))
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        assert list(lennox.diagnose_many(films, model, executor=client.get_executor())) == alone


def test_a_long_list_is_read_only_a_little_ahead(model, films):
    taken = []
    lock = threading.Lock()

    def endless():
        while True:
            with lock:
                taken.append(None)
            yield films[0]

    with ThreadPoolExecutor(2) as executor:
        examinations = lennox.diagnose_many(endless(), model, executor=executor)
        for _ in range(3):
            assert next(examinations).status == "assessed"
        examinations.close()
    assert len(taken) < 20


def test_a_network_that_gets_no_memory_costs_one_film_not_the_run(model, films, monkeypatch):
    class Full:
        def run(self, *_):
            raise Exception("[ONNXRuntimeError] bfc_arena.cc: Failed to allocate memory for requested buffer of size 1")

    monkeypatch.setattr(model, "_session", Full())
    found = list(lennox.diagnose_many(films[:2], model))
    assert statuses(found) == ["unreadable", "unreadable"]
    assert "not enough memory" in found[0].reasons[0]
