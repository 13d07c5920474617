"""Figures as Prometheus reads them."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Histogram, generate_latest

from authority.totals import Counts, Distributions


def test_counts_by_their_labels() -> None:
    registry = CollectorRegistry()
    counts = Counts("asked", "Questions", ["method", "outcome"], registry)
    counts.of["Vote", "ok"] += 2
    counts.of["Vote", "failed"] += 1
    assert registry.get_sample_value("asked_total", {"method": "Vote", "outcome": "ok"}) == 2
    assert registry.get_sample_value("asked_total", {"method": "Vote", "outcome": "failed"}) == 1


def test_a_distribution_says_what_a_histogram_of_the_library_says() -> None:
    values, bounds = (0.0, 0.5, 1.0, 1.5, 2.0, 99.0), (0.5, 1.0, 2.0)
    theirs, ours = CollectorRegistry(), CollectorRegistry()
    histogram = Histogram("took", "Seconds", ["method"], buckets=bounds, registry=theirs)
    distributions = Distributions("took", "Seconds", "method", bounds, ours)
    for value in values:
        histogram.labels("Vote").observe(value)
        distributions.of("Vote").observe(value)
    lines = [line for line in generate_latest(theirs).splitlines() if b"_created" not in line]
    assert generate_latest(ours).splitlines() == lines
