"""What several sites do to a bound: room for what so few sites cannot have shown."""

import numpy as np
import pytest
from scipy import stats

from lennox.statistics.one_sided import Ratio
from lennox.statistics.sites import OverSites, SiteSums, t_quantile, working_model


def over(found, units, site, sites):
    found, units, site = (np.asarray(values) for values in (found, units, site))
    mean = found.sum() / units.sum()
    sums = SiteSums.of(site, sites, units.astype(float), (found - mean * units) / units.sum())
    return OverSites(Ratio.of(found.astype(float), units.astype(float), 0.0), sums, 0.0, 1.0)


def alike(rates, patients):
    """Sites of one size with one unit a patient, of which a share is found."""
    site = np.repeat(np.arange(len(rates)), patients)
    found = np.concatenate([np.arange(patients) < round(rate * patients) for rate in rates]).astype(float)
    return over(found, np.ones(len(found)), site, len(rates))


@pytest.mark.parametrize("freedom", [1.0, 1.37, 2.5, 9.0, 80.0])
@pytest.mark.parametrize("alpha", [0.5, 0.05, 0.002])
def test_the_quantile_of_t_is_that_of_scipy(freedom, alpha):
    assert t_quantile(alpha, freedom) == pytest.approx(stats.t.isf(alpha, freedom), rel=1e-5, abs=1e-4)


@pytest.mark.parametrize("sites", [2, 5, 20])
def test_of_equal_sites_the_correction_and_the_freedom_are_those_of_a_sample(sites):
    correction, freedom = working_model(np.full(sites, 30.0))
    assert correction == pytest.approx(sites / (sites - 1))
    assert freedom == pytest.approx(sites - 1)


def test_one_large_site_among_small_ones_is_worth_hardly_more_than_one():
    correction, freedom = working_model(np.array([1000.0, 10, 10, 10]))
    assert correction > 100
    assert freedom < 2


def test_sites_that_agree_are_not_taken_for_alike():
    two, ten = alike([0.9] * 2, 500), alike([0.9] * 10, 100)
    assert two.sites.t_reach(0.04) == pytest.approx(0.0, abs=1e-12)  # they agree to the last unit
    assert two.lower(0.04) < ten.lower(0.04) < two.base.lower(0.04) == pytest.approx(ten.base.lower(0.04))


def test_sites_that_differ_cost_more():
    same, apart = alike([0.8] * 6, 100), alike([0.5, 0.95, 0.95, 0.6, 0.95, 0.85], 100)
    assert apart.estimate == pytest.approx(same.estimate)
    assert apart.lower(0.04) < same.lower(0.04) - 0.03
    q, freedom, share = apart.sites.heterogeneity()
    assert freedom == 5
    assert stats.chi2.sf(q, freedom) < 1e-6
    assert share > 0.8
    assert same.sites.heterogeneity()[0] == pytest.approx(0.0)


def test_one_site_has_no_bound():
    assert alike([0.9], 400).lower(0.04) == -np.inf
    assert alike([0.9], 400).p_value(0.1) > 0.49


def test_a_p_value_is_where_the_bound_is():
    one = alike([0.8, 0.9, 0.85, 0.95], 60)
    bound = one.lower(0.03)
    assert one.p_value(bound) == pytest.approx(0.03, rel=0.01)
    assert one.exceeds(bound - 1e-6, 0.03)
    assert not one.exceeds(bound + 1e-3, 0.03)
    assert one.p_value(one.estimate + 0.01) == 1.0


def test_more_patients_at_the_same_sites_do_not_buy_what_more_sites_would():
    few = alike([0.7, 0.95, 0.85, 0.9], 40)
    assert few.lower(0.04) < few.grown(100).lower(0.04) < few.estimate - few.sites.t_reach(0.04) * 0.5
    assert few.grown(1e6).lower(0.04) < alike([0.85] * 20, 40).lower(0.04)
