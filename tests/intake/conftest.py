"""A tiny model and drawn films, as tests of runs have them."""

import pytest
from film_runs import drawn, films, invoke, lennox_process, tiny, unreleased, write_films

from lennox.gate.override import Override
from lennox.inference.load import load_model

__all__ = ["drawn", "films", "invoke", "lennox_process", "tiny", "unreleased", "write_films"]


@pytest.fixture
def model(tiny):
    import datetime

    return load_model(tiny, allow_unreleased=Override("a test", "to test", datetime.date.today()))
