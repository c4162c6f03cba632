"""Drawn films: demos, tests, benchmarks and stress tests with known lesions. Never real, never evidence of accuracy."""

from lennox.phantom.draw import draw_film
from lennox.phantom.drawn_photograph import Camera, Photograph, draw_photograph, write_photographs
from lennox.phantom.film_set import write_films
from lennox.phantom.mouth import ARTEFACTS
from lennox.phantom.phantom import DEPTHS, Lesion, Phantom

__all__ = [
    "ARTEFACTS", "DEPTHS", "Camera", "Lesion", "Phantom", "Photograph", "draw_film", "draw_photograph", "write_films",
    "write_photographs",
]  # fmt: skip
