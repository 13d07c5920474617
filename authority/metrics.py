"""What an authority counts, in Prometheus' form."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class AuthorityMetrics:
    """Counters and gauges of one authority, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._votes = Counter(
            "movelite_transactions", "Transactions voted on, by verdict", ["verdict"], registry=self.registry
        )
        self.executed = Gauge(
            "movelite_executed_total", "Certificates executed since genesis", registry=self.registry
        )
        self.overloads = Counter(
            "movelite_overloads", "Requests refused because too many were open", registry=self.registry
        )
        self.synced = Counter(
            "movelite_synced_certificates", "Certificates fetched from peers", registry=self.registry
        )

    def count_votes(self, accepted: int, refused: int) -> None:
        """A batch was voted on."""
        self._votes.labels("accepted").inc(accepted)
        self._votes.labels("refused").inc(refused)
