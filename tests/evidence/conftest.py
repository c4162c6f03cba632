"""Clinics with a policy, a key each, and tables of the same model: see tests/support/clinics.py."""

import pytest
from clinics import make_clinics


@pytest.fixture
def clinics(tmp_path):
    return make_clinics(tmp_path)
