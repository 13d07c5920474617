"""movelite client verify-bytecode-meter: what verifying a package costs an authority before it signs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import output
from cli.package_builds import build_package
from cli.package_options import given, with_build_options
from movelite.bytecode.reader import deserialize_module
from movelite.verifier.meter import SIGNING_METER_CONFIG, Meter, Scope
from movelite.verifier.signing import check_verification_cost
from proto.protocol_config import PROTOCOL_CONFIG

app = typer.Typer()

MESSAGES = {True: "Package will pass metering check!", False: "Package will NOT pass metering check!"}


class TooExpensive(Exception):
    """Authorities would not sign for the publication of these modules."""


@dataclass(slots=True)
class Usage:
    """Ticks of a package, a module or a function, with those of its parts."""

    name: str
    scope: Scope
    ticks: int = 0
    parts: list[Usage] = field(default_factory=list)

    def most(self, scope: Scope) -> int:
        """The most ticks of one such scope in here."""
        own = self.ticks if self.scope is scope else 0
        return max([own, *(part.most(scope) for part in self.parts)])

    def as_json(self) -> dict[str, Any]:
        """With the names of the official tool."""
        return {"name": self.name, "ticks": self.ticks, "children": [part.as_json() for part in self.parts]}

    def rows(self) -> list[tuple[str, str]]:
        """Lines of a table, indented by scope."""
        indent = "  " * (self.scope - Scope.PACKAGE)
        return [(indent + self.name, f"{self.ticks:,}"), *(row for part in self.parts for row in part.rows())]


class RecordingMeter(Meter):
    """A meter without limits that keeps what each scope used."""

    def __init__(self, package: str) -> None:
        super().__init__()
        self.usage = {scope: Usage("<unknown>", scope) for scope in Scope}
        self.usage[Scope.PACKAGE].name = package

    def enter_scope(self, name: str, scope: Scope) -> None:
        """Start a new record, too."""
        super().enter_scope(name, scope)
        self.usage[scope] = Usage(name, scope)

    def transfer(self, source: Scope, target: Scope) -> None:
        """Make the record a part of the outer one, too."""
        super().transfer(source, target)
        self.usage[source].ticks = self.used[source]
        self.usage[target].parts.append(self.usage[source])
        self.usage[target].ticks = self.used[target]


@app.command("verify-bytecode-meter", epilog="Example: movelite client verify-bytecode-meter --package thing")
@with_build_options(hidden=True)
def verify_bytecode_meter(
    package: Annotated[Path | None, typer.Option(help="Folder with the Move.toml; else this one.")] = None,
    module: Annotated[
        list[Path] | None, typer.Option(help="Compiled modules (.mv) instead, taken as one package.")
    ] = None,
    protocol_version: Annotated[int | None, typer.Option(help="Of the limits; there is one.")] = None,
) -> None:
    """Measure what verifying a package costs, against what authorities spend before they refuse."""
    if protocol_version not in (None, PROTOCOL_CONFIG.version):
        raise typer.BadParameter(
            f"there are the limits of protocol version {PROTOCOL_CONFIG.version}, and no others"
        )
    if module and package:
        raise typer.BadParameter("--module or --package, not both")
    if module:
        name, codes = "<unknown>", [path.read_bytes() for path in module]
    else:
        built = build_package(package or Path(), given().build_options())
        name, codes = built.name, [part.bytecode for part in built.modules]
    meter = RecordingMeter(name)
    check_verification_cost([deserialize_module(code) for code in codes], meter)
    _report(meter.usage[Scope.PACKAGE])


def _report(used: Usage) -> None:
    config = SIGNING_METER_CONFIG
    limits = {
        Scope.PACKAGE: config.max_per_package,
        Scope.MODULE: config.max_per_module,
        Scope.FUNCTION: config.max_per_function,
    }
    passes = all(limit is None or used.most(scope) <= limit for scope, limit in limits.items())
    shown = {
        "success": passes,
        **{f"max_{scope.name.lower()}_ticks": limit for scope, limit in limits.items()},
        "used_ticks": used.as_json(),
    }
    rows = [(f"limit of a {scope.name.lower()}", f"{limit:,}") for scope, limit in limits.items()]
    output.result(shown, [*rows, *used.rows()], ("", "ticks"))
    if not passes:
        raise TooExpensive(MESSAGES[False])
    output.note(MESSAGES[True])
