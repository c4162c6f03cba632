"""Ages as the bands in which policies speak of them."""

from __future__ import annotations

BANDS = ((5, "0-5"), (12, "6-12"), (17, "13-17"), (39, "18-39"), (64, "40-64"), (200, "65+"))


def age_band(years: int) -> str:
    """The band of an age in years; "" for none that a person has."""
    return next((band for last, band in BANDS if 0 <= years <= last), "")
