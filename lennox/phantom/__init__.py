"""Drawn films: demos, tests, benchmarks and stress tests with known lesions. Never real, never evidence of accuracy."""

from lennox.phantom.draw import draw_film
from lennox.phantom.film_set import write_films
from lennox.phantom.mouth import ARTEFACTS
from lennox.phantom.phantom import DEPTHS, Lesion, Phantom

__all__ = ["ARTEFACTS", "DEPTHS", "Lesion", "Phantom", "draw_film", "write_films"]
