"""Tests of aggregator."""
