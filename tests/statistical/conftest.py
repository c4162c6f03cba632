"""The long simulations run when they are asked for: `pytest -m slow tests/statistical`."""

import pytest


def pytest_collection_modifyitems(config, items):
    if not config.option.markexpr:
        for item in items:
            if item.get_closest_marker("slow") and "statistical" in item.path.parts:
                item.add_marker(pytest.mark.skip(reason="long; run with -m slow"))
