"""Drawn films: demos, tests, benchmarks and stress tests with known lesions. Never real, never evidence of accuracy."""

from lennox.phantom.draw import draw_film
from lennox.phantom.files import write_films
from lennox.phantom.film import DEPTHS, Lesion, Phantom
from lennox.phantom.mouth import ARTEFACTS

__all__ = ["ARTEFACTS", "DEPTHS", "Lesion", "Phantom", "draw_film", "write_films"]
