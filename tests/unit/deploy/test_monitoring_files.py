"""The dashboard, the alerts and the compose file name what exists."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import generate_latest

from authority.admission import Overload
from authority.metrics import AuthorityMetrics
from cli.genesis import METRICS_PORT

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"
METRIC = re.compile(r"\b(?:movelite|process|python_gc)_[a-z_]+\b")


def exported_names() -> set[str]:
    """Every name that an authority's /metrics has, with the suffixes of its samples."""
    metrics = AuthorityMetrics()
    metrics.watch_process()
    names = set()
    for family in metrics.registry.collect():
        suffixes = {
            "counter": ["_total"],
            "histogram": ["_bucket", "_sum", "_count"],
            "summary": ["_sum", "_count"],
        }
        names |= {family.name + suffix for suffix in suffixes.get(family.type, [""])}
    assert generate_latest(metrics.registry)
    return names


def dashboard() -> Any:
    return json.loads((DEPLOY / "grafana" / "movelite.json").read_text())


def alerts() -> list[Any]:
    rules = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())
    return [rule for group in rules["groups"] for rule in group["rules"]]


def expressions() -> list[tuple[str, str]]:
    """(place, expression) of every query of the dashboard and of every alert."""
    found = [(panel["title"], t["expr"]) for panel in dashboard()["panels"] for t in panel["targets"]]
    found += [
        ("variable", v["query"]["query"]) for v in dashboard()["templating"]["list"] if v["type"] == "query"
    ]
    return found + [(rule["alert"], rule["expr"]) for rule in alerts()]


@pytest.mark.parametrize(("place", "expression"), expressions())
def test_every_metric_in_use_exists(place: str, expression: str) -> None:
    named = set(METRIC.findall(expression))
    assert named or expression.startswith("up{"), place
    assert named <= exported_names(), place


def test_every_metric_is_on_the_dashboard() -> None:
    shown = {name for _, expression in expressions() for name in METRIC.findall(expression)}
    ours = {name for name in exported_names() if name.startswith("movelite_")}
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in shown}
    unseen = {re.sub(r"_(bucket|sum|count)$", "", name) for name in ours} - families
    assert unseen == {"movelite_clients"}


def test_every_alert_says_how_urgent_it_is_and_what_to_do() -> None:
    names = [rule["alert"] for rule in alerts()]
    assert len(set(names)) == len(names)
    for rule in alerts():
        assert rule["labels"]["severity"] in ("critical", "warning"), rule["alert"]
        assert "$labels.instance" in rule["annotations"]["summary"], rule["alert"]
        assert ": " in rule["annotations"]["summary"], rule["alert"]


def test_the_guide_names_alerts_that_exist() -> None:
    guide = (DEPLOY / "README.md").read_text()
    table = guide.split("## What is seen when")[1].split("\n## ")[0]
    last = [
        line.rstrip("|").rsplit("|", 1)[-1].strip() for line in table.splitlines() if line.startswith("|")
    ]
    named = {name for cell in last[2:] for name in cell.split(", ") if name}
    assert named <= {rule["alert"] for rule in alerts()}
    assert len(named) >= 5


def test_the_cause_that_the_alert_names_exists() -> None:
    assert 'cause="queue_full"' in (DEPLOY / "prometheus" / "alerts.yml").read_text()
    assert "queue_full" in list(Overload)


def test_panels_do_not_overlap_and_have_ids() -> None:
    cells: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        place = panel["gridPos"]
        covered = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not covered & cells, panel["title"]
        assert place["x"] + place["w"] <= 24
        cells |= covered
    ids = [panel["id"] for panel in dashboard()["panels"]]
    assert len(set(ids)) == len(ids)


def test_prometheus_scrapes_every_authority_of_the_compose_file() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    scrape = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    authorities = [name for name in compose["services"] if name.startswith("authority-")]
    targets = scrape["scrape_configs"][0]["static_configs"][0]["targets"]
    assert targets == [f"{name}:{METRICS_PORT}" for name in authorities]
    for name in ("prometheus", "grafana"):
        for volume in compose["services"][name]["volumes"]:
            source = volume.split(":")[0]
            assert not source.startswith(".") or (DEPLOY / source).exists(), source
