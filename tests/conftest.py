"""Fixtures that tests of several parts share."""

import numpy as np
import pytest
from chromium import browser  # noqa: F401  # a fixture
from film_encodings import encode_film as encode
from hypothesis import HealthCheck, settings

# A slow or busy machine is no reason to fail.
settings.register_profile("any_machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any_machine")


def pytest_collection_modifyitems(config, items):
    """Long tests run when they are asked for: `pytest -m slow`."""
    if not config.option.markexpr:
        for item in items:
            if item.get_closest_marker("slow"):
                item.add_marker(pytest.mark.skip(reason="long; run with -m slow"))


@pytest.fixture(scope="session")
def plain_film():
    """(120, 170) uint16 in 0..4095: a slope, bright and dark discs, noise; its ends are used. No anatomy."""
    rng = np.random.default_rng(20261123)
    rows, columns = np.mgrid[:120, :170]
    film = 900 + 9.0 * columns + 6.0 * rows + rng.normal(0, 30, (120, 170))
    film[np.hypot(rows - 40, columns - 50) < 22] += 1500
    film[np.hypot(rows - 80, columns - 120) < 25] -= 1400
    film[:4, :4], film[-4:, -4:] = 0, 4095
    return np.clip(np.rint(film), 0, 4095).astype(np.uint16)


@pytest.fixture(scope="session")
def encode_film():
    """The function that writes one film in every encoding: see tests/support/film_encodings.py."""
    return encode


@pytest.fixture(scope="session")
def encodings(plain_film):
    """{name: bytes} of the plain film in every encoding."""
    return encode(plain_film)


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory, monkeypatch):
    """Every test keeps its own log and trust: nothing of the user's home is read or written."""
    home = tmp_path_factory.mktemp("home")
    for name in ("LENNOX_TRUST", "LENNOX_LOG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))
    return home


@pytest.fixture(scope="session")
def released(tmp_path_factory):
    """One honest release, and its trust; tests work on copies."""
    from releasing import make_workshop  # here, as tests of the kernels need nothing of it

    place = tmp_path_factory.mktemp("released")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LENNOX_LOG", str(place / "log.sqlite"))
        shop = make_workshop(place / "shop")
        shop.release(trust=shop.trust())
    return shop
