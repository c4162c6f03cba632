import pytest

from lennox.inference.processors import processors


@pytest.mark.parametrize(("said", "cores"), [("max 100000", 8), ("250000 100000", 3), ("5000 100000", 1), (None, 8)])
def test_workers_are_no_more_than_a_container_is_given(tmp_path, monkeypatch, said, cores):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr("lennox.inference.processors.QUOTA", tmp_path / "cpu.max")
    if said is not None:
        (tmp_path / "cpu.max").write_text(said + "\n")
    assert processors() == cores
