"""Agreement statistics against published examples and against what can be worked out by hand."""

from __future__ import annotations

from fractions import Fraction
from math import sqrt

import pytest

from jianlu.core.terms.verdicts import Verdict
from jianlu.judge.review.agreement import Z_95, agreement_of, cohens_kappa, table_of, wilson

MET, NOT_MET, NOT_EVIDENCED = Verdict.MET, Verdict.NOT_MET, Verdict.NOT_EVIDENCED


def test_fleiss_1981_two_raters_diagnose_a_hundred_patients() -> None:
    """Fleiss 1981, chapter 13: psychotic, neurotic, organic. Observed 0.89, by chance 0.66: kappa 0.676, standard error 0.088."""
    found = cohens_kappa(((75, 1, 4), (5, 4, 1), (0, 0, 10)))
    assert found is not None
    assert found.value == pytest.approx(0.676, abs=5e-4)
    assert (found.value - found.low) / Z_95 == pytest.approx(0.088, abs=5e-4)


def test_two_readers_of_fifty_proposals() -> None:
    """The usual textbook example: yes/yes 20, yes/no 5, no/yes 10, no/no 15: observed 0.70, by chance 0.50, kappa 0.40 exactly."""
    found = cohens_kappa(((20, 5), (10, 15)))
    assert found is not None
    assert Fraction(found.value).limit_denominator(1000) == Fraction(2, 5)


def test_a_large_sample_of_two_categories_by_hand() -> None:
    """Equal margins of one half: kappa is 2p-1 and its variance 4p(1-p)/n, so 0.6 +- 1.96 * 0.08 for 100 pairs of which 80 agree."""
    found = cohens_kappa(((40, 10), (10, 40)))
    assert found is not None
    assert found.value == pytest.approx(0.6)
    assert found.high - found.value == pytest.approx(Z_95 * sqrt(4 * 0.8 * 0.2 / 100))
    assert found.value - found.low == pytest.approx(Z_95 * 0.08)


def test_full_agreement_and_none_are_one_and_minus_one() -> None:
    full = cohens_kappa(((7, 0, 0), (0, 2, 0), (0, 0, 1)))
    none = cohens_kappa(((0, 5), (5, 0)))
    assert full is not None
    assert none is not None
    assert [full.value, full.low, full.high] == pytest.approx([1, 1, 1])
    assert (none.value, none.low) == (-1.0, -1.0)


def test_kappa_is_undefined_where_both_always_say_the_same_and_where_nobody_says_anything() -> None:
    assert cohens_kappa(((12, 0, 0), (0, 0, 0), (0, 0, 0))) is None
    assert cohens_kappa(((0, 0), (0, 0))) is None
    assert agreement_of({(MET, MET): 12}).share is not None
    assert agreement_of({}).share is None


def test_kappa_is_the_same_with_the_judges_exchanged() -> None:
    table = ((75, 1, 4), (5, 4, 1), (0, 0, 10))
    one, other = cohens_kappa(table), cohens_kappa(tuple(zip(*table, strict=True)))
    assert one is not None
    assert other is not None
    assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high))


def test_not_evidenced_is_a_category_of_its_own() -> None:
    """Were "not evidenced" counted as not met, these two would agree fully; they do not."""
    pairs = {(MET, MET): 6, (NOT_EVIDENCED, NOT_MET): 4}
    assert table_of(pairs) == ((6, 0, 0), (0, 0, 0), (0, 4, 0))
    found = agreement_of(pairs)
    assert found.n == 10
    assert found.share is not None
    assert found.share.value == 0.6
    assert found.kappa is not None
    assert found.kappa.value == pytest.approx(float((Fraction(6, 10) - Fraction(36, 100)) / (1 - Fraction(36, 100))))


def test_wilsons_interval_as_published() -> None:
    """Newcombe 1998, table I, method 3 without continuity correction: 81/263, 15/148, 0/20, 1/29."""
    published = {(81, 263): (0.2553, 0.3662), (15, 148): (0.0624, 0.1605), (0, 20): (0.0, 0.1611), (1, 29): (0.0061, 0.1718)}
    for (hits, n), (low, high) in published.items():
        found = wilson(hits, n)
        assert found is not None
        assert [found.low, found.high] == pytest.approx([low, high], abs=5e-5)
