"""Physics of the drawn films against hand computation."""

import math

import numpy as np
import pytest

from lennox.phantom.physics import (
    ATTENUATION,
    Exposure,
    attenuation,
    gaussian_blur,
    noisy,
    optical_depth,
    resize,
    transmitted,
    wide_blur,
)

PLAIN = Exposure(scatter=0.0, blur_mm=0.0, electronic=0.0)


def test_attenuation_meets_the_table():
    for material, (low, high) in ATTENUATION.items():
        assert attenuation(material, 30.0) == pytest.approx(low)
        assert attenuation(material, 35.0) == pytest.approx(high)
        assert high < attenuation(material, 32.0) < low


def test_tissues_are_in_the_order_of_their_mineral():
    order = ["soft tissue", "trabecular bone", "cortical bone", "dentine", "enamel", "metal", "amalgam"]
    coefficients = [attenuation(tissue, 33.0) for tissue in order]
    assert coefficients == sorted(coefficients)


def test_transmission_is_beer_lambert():
    depth = np.array([[0.0, 1.0], [math.log(2), 3.0]], np.float32)
    signal = transmitted(depth, PLAIN, 2.0)
    np.testing.assert_allclose(signal, [[1, math.exp(-1)], [0.5, math.exp(-3)]], rtol=1e-6)
    np.testing.assert_allclose(optical_depth(signal), depth, atol=1e-6)


def test_scatter_adds_its_share_of_the_mean():
    depth = np.full((40, 40), 1.0, np.float32)
    signal = transmitted(depth, Exposure(scatter=0.1, blur_mm=0.0), 0.5)
    np.testing.assert_allclose(signal, 1.1 * math.exp(-1), rtol=1e-5)


def test_noise_has_the_variance_of_its_quanta():
    exposure = Exposure(photons=1000.0, grain=0.0, electronic=0.0)
    signal = np.full((300, 300), 0.5, np.float32)
    noise = noisy(signal, exposure, 1.0, np.random.default_rng(1)) - signal
    assert noise.mean() == pytest.approx(0, abs=1e-3)
    assert noise.std() == pytest.approx(math.sqrt(0.5 / 1000), rel=0.02)


def test_blur_keeps_the_sum_and_spreads_by_sigma():
    image = np.zeros((41, 41), np.float32)
    image[20, 20] = 1
    blurred = gaussian_blur(image, 2.0)
    assert blurred.sum() == pytest.approx(1, abs=1e-5)
    rows = np.arange(41) - 20
    assert math.sqrt((blurred.sum(axis=1) * rows**2).sum()) == pytest.approx(2.0, rel=0.07)  # tails are cut


def test_wide_blur_is_nearly_the_blur():
    image = np.random.default_rng(2).random((120, 150), np.float32)
    np.testing.assert_allclose(
        wide_blur(image, 5.0)[15:-15, 15:-15], gaussian_blur(image, 5.0)[15:-15, 15:-15], atol=0.02
    )


def test_resize_is_linear_between_pixel_centres():
    image = np.array([[0.0, 1.0]], np.float32)
    np.testing.assert_allclose(resize(image, 1, 4), [[0, 0.25, 0.75, 1]])
    ramp = np.arange(12, dtype=np.float32).reshape(3, 4)
    np.testing.assert_array_equal(resize(ramp, 3, 4), ramp)
