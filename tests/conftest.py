"""Fixtures that tests of several parts share."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from chromium import browser  # noqa: F401  # a fixture
from film_encodings import encode_film as encode
from hypothesis import HealthCheck, settings

# A slow or busy machine is no reason to fail.
settings.register_profile("any_machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any_machine")


ROOT = Path(__file__).parents[1]
LONG_MODULES = {ROOT / line for line in (ROOT / "tests/long_modules.txt").read_text().splitlines() if line[:1] != "#"}
LONG = 20.0  # seconds of a module, from which `make check` names it


def pytest_addoption(parser):
    parser.addoption("--quick", action="store_true", help="leave out the modules of tests/long_modules.txt")


def pytest_ignore_collect(collection_path, config):
    return True if config.getoption("--quick") and collection_path in LONG_MODULES else None


def pytest_terminal_summary(terminalreporter, config):
    """Name what made `make check` slow, so that somebody puts it on the list."""
    if not config.getoption("--quick"):
        return
    seconds = Counter()
    for report in (one for found in terminalreporter.stats.values() for one in found if hasattr(one, "duration")):
        seconds[report.nodeid.partition("::")[0]] += report.duration
    for module, took in seconds.most_common():
        if took > LONG:
            terminalreporter.write_line(f"{module} took {took:.0f} s: is it one for tests/long_modules.txt?")


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
