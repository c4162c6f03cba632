"""Films read by the workers of a cluster: the results and the order of one computer, also when a worker is killed."""

import os
import signal
import threading
import time

import pytest
from film_runs import contents

distributed = pytest.importorskip("distributed", reason="needs Dask, of lennox[dask]")


@pytest.fixture(scope="module")
def cluster():
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1", processes=True
    ) as started:
        yield started


@pytest.fixture
def on_cluster(cluster, invoke):
    return lambda *arguments: invoke("diagnose", *arguments, "--dask", cluster.scheduler_address)


def test_the_results_are_those_of_one_computer_also_with_a_worker_killed(
    on_cluster, cluster, invoke, films, write_films, tmp_path
):
    write_films(films, 5)
    outputs = ("--fhir", "--dicom=capture", "--format", "csv")
    alone = invoke("diagnose", films, "--out", tmp_path / "alone", *outputs)
    killed = []

    def kill():
        while len(list((tmp_path / "out").glob("records/*"))) < 2:
            time.sleep(0.01)
        with distributed.Client(cluster) as client:
            killed.append(min(client.run(os.getpid).values()))
        os.kill(killed[0], signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    result = on_cluster(films, "--out", tmp_path / "out", *outputs)
    thread.join()
    assert killed
    assert (result.exit_code, result.stderr) == (alone.exit_code, alone.stderr)
    assert contents(tmp_path / "out") == contents(tmp_path / "alone")


def test_what_is_kept_is_not_sent_again_and_lines_come_in_order(on_cluster, invoke, films, tmp_path):
    on_cluster(films, "--out", tmp_path / "out")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out/records").iterdir()}
    (tmp_path / "out/records/1.png.json").unlink()
    assert on_cluster(films, "--out", tmp_path / "out", "--resume").exit_code == 1
    again = {path.name for path, when in before.items() if path.stat().st_mtime_ns != when}
    assert again == {"1.png.json", "3.png.json"}  # what was removed, and what could not be read
    assert on_cluster(films).stdout == invoke("diagnose", films).stdout


def test_no_scheduler_is_a_sentence(invoke, films, monkeypatch):
    from lennox.runs import cluster

    monkeypatch.setattr(cluster, "CONNECT_S", 0.5)
    for address in ("tcp://127.0.0.1:9", "nowhere://x"):
        result = invoke("diagnose", films, "--dask", address)
        assert result.exit_code == 2
        assert "no Dask scheduler answers" in result.stderr
