"""Figures that every request adds to: plain numbers, a quarter of the cost of prometheus_client's own.

They are counted and collected in one thread, that of the event loop.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector, CollectorRegistry
from prometheus_client.utils import floatToGoString


class Counts(Collector):
    """A counter for each value of its labels: `counts.of[values] += 1`."""

    def __init__(self, name: str, text: str, labels: Sequence[str], registry: CollectorRegistry) -> None:
        self._family = name, text
        self._labels = labels
        self.of: defaultdict[tuple[str, ...], int] = defaultdict(int)
        registry.register(self)

    def collect(self) -> Iterator[Metric]:
        """The figures as metrics."""
        family = CounterMetricFamily(*self._family, labels=self._labels)
        for values, count in self.of.items():
            family.add_metric(values, count)
        yield family


class Distribution:
    """How often a value was in each bucket, and the sum of all values."""

    __slots__ = ("_bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """Count a value."""
        self.counts[bisect_left(self._bounds, value)] += 1
        self.sum += value


class Distributions(Collector):
    """A histogram for each value of its label. bounds: upper ends of the buckets, ascending."""

    def __init__(
        self, name: str, text: str, label: str, bounds: Sequence[float], registry: CollectorRegistry
    ) -> None:
        self._family = name, text
        self._label = label
        self._ends = [*map(floatToGoString, bounds), "+Inf"]
        self._bounds = bounds
        self._of: dict[str, Distribution] = {}
        registry.register(self)

    def of(self, value: str) -> Distribution:
        """That of one value of the label."""
        found = self._of.get(value)
        if found is None:
            found = self._of[value] = Distribution(self._bounds)
        return found

    def collect(self) -> Iterator[Metric]:
        """The figures as metrics."""
        family = HistogramMetricFamily(*self._family, labels=[self._label])
        for value, distribution in self._of.items():
            counts = accumulate(distribution.counts)
            family.add_metric([value], list(zip(self._ends, counts, strict=True)), distribution.sum)
        yield family
