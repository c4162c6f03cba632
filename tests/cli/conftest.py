"""What tests of runs share: see tests/support/film_runs.py."""

from film_runs import drawn, films, invoke, lennox_process, shop, tiny, unreleased, write_films

__all__ = ["drawn", "films", "invoke", "lennox_process", "shop", "tiny", "unreleased", "write_films"]
