"""What tests of the desk share: see tests/support/desk_process.py."""

from desk_process import desk_model, open_desk
from film_runs import drawn, write_films

__all__ = ["desk_model", "drawn", "open_desk", "write_films"]
