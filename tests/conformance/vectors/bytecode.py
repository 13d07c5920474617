"""Programs compiled and run by the official tools: their bytecode in our VM, ours of their sources.

The VM that made the vectors is a newer one of Sui, which names the caller's instruction where a called
function fails; the network's names the innermost one, with all callers behind it. So a location is right
if it is one of the frames of the error. Gas there is Sui's: of a call that ran out only the status counts.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from movelite.bytecode.reader import deserialize_module
from movelite.bytecode.status import StatusCode, VMError
from movelite.bytecode.writer import serialize_module
from movelite.compiler.editions import Edition, Flavor, PackageConfig
from movelite.compiler.phases import Compilation, SourcePackage
from movelite.compiler.rendering import render_all
from movelite.facade import ledger_runtime
from movelite.package.build import build, framework_modules
from movelite.package.framework import bundled_folder
from movelite.verifier.iota import verify_module as verify_network_rules
from movelite.verifier.verifier import verify_module
from movelite.vm.gas import GasMeter, UnmeteredGas
from movelite.vm.linkage import MemoryLinkage
from movelite.vm.runtime import Session
from movelite.vm.trace import ExecutionError
from proto.ids import Address, parse_address
from proto.type_tag import parse_type_tag
from tests.conformance.case import Check, Mismatch, expect_equal

BUDGET, GAS_PRICE = 50_000_000_000, 1000
"""Of a transaction that may use all the gas there is, in nanos."""

Modules = dict[tuple[bytes, str], bytes]


def bytecode(vector: Any, file: Path) -> Iterator[Check]:
    """A module with its source, and calls with their results, abort codes and locations."""
    address = parse_address(vector["package_address"])
    official = base64.b64decode(vector["bytecode_base64"])
    sessions = _sessions(official, file)
    yield "official bytecode is read, written back and verified", partial(_round_trip, official)
    for index, call in enumerate(vector["calls"]):
        check = partial(_call, sessions, (address, vector["module"]), call, has_locations=True)
        yield f"{call['function']} #{index}: official bytecode", check
    ours = _compile(vector["source"], vector["edition"], address)
    yield "our bytecode is verified", partial(_round_trip, ours)
    sessions = _sessions(ours, file)
    for index, call in enumerate(vector["calls"]):
        check = partial(_call, sessions, (address, vector["module"]), call, has_locations=False)
        yield f"{call['function']} #{index}: our bytecode", check


def assets(vector: Any, file: Path) -> Iterator[Check]:
    """A package of three modules: the official bytecode, and ours from the same sources."""
    for index, text in enumerate(vector["modules_base64"]):
        yield f"official module {index}", partial(_round_trip, base64.b64decode(text))
    yield "our build", partial(_build, file.parent / "assets")


def _round_trip(code: bytes) -> None:
    module = deserialize_module(code)
    expect_equal("bytes", serialize_module(module), code)
    verify_network_rules(verify_module(module))


def _build(folder: Path) -> None:
    built = build(folder)
    expect_equal("modules", sorted(module.name for module in built.modules), ["kwh", "lease", "swap"])
    for module in built.modules:
        _round_trip(module.bytecode)


def _framework() -> Modules:
    return {
        (module.address, module.name): module.bytecode for module in framework_modules(("MoveStdlib", "Iota"))
    }


def _sessions(code: bytes, file: Path) -> Callable[[GasMeter], Session]:
    """Sessions with this module, its neighbours as the official compiler made them, and the framework."""
    modules = _framework()
    for neighbour in sorted(file.parent.glob("*.json")):
        official = base64.b64decode(json.loads(neighbour.read_text())["bytecode_base64"])
        modules[deserialize_module(official).self_id] = official
    modules[deserialize_module(code).self_id] = code
    runtime = ledger_runtime()
    return lambda gas: runtime.new_session(MemoryLinkage(modules), gas)


def _compile(source: str, edition: str, address: Address) -> bytes:
    config = PackageConfig("vector", Edition.parse(edition), Flavor.IOTA)
    addresses = {"std": 1, "iota": 2, "vec": int.from_bytes(address, "big")}
    library = [
        SourcePackage(
            PackageConfig(name, Edition.E2024_BETA, Flavor.IOTA),
            [
                (str(path), path.read_text())
                for path in sorted(bundled_folder(name).rglob("sources/**/*.move"))
            ],
            addresses,
        )
        for name in ("MoveStdlib", "Iota")
    ]
    compilation = Compilation([SourcePackage(config, [("vector.move", source)], addresses)], library)
    modules = compilation.modules
    if modules is None:
        raise Mismatch(render_all(compilation.diagnostics.sorted(), compilation.source_map))
    (unit,) = modules.values()
    return serialize_module(unit.module)


def _call(
    sessions: Callable[[GasMeter], Session], module_id: tuple[bytes, str], call: Any, *, has_locations: bool
) -> None:
    arguments = [bytes.fromhex(text) for text in call["args_bcs_hex"]]
    runs_out = call["error"] is not None and call["error"]["major_status"] == "OUT_OF_GAS"
    session = sessions(GasMeter.for_budget(BUDGET, GAS_PRICE) if runs_out else UnmeteredGas())
    types = [session.load_type(parse_type_tag(text)) for text in call["type_args"]]
    function = session.load_function(module_id, call["function"], types)
    try:
        returned = session.execute_serialized(function, arguments)
    except VMError as error:
        _check_error(error, call["error"], has_locations)
        return
    expect_equal("error", None, call["error"])
    expect_equal("results", [data.hex() for data in returned.return_values], call["returns_bcs_hex"])


def _check_code(code: int | None, expected: int | None, *, is_official: bool) -> None:
    """Newer compilers of Sui put one more bit into clever abort codes; the network's put line and indices."""
    if not is_official and expected is not None and expected >> 63:
        fields = (1 << 48) - 1
        expect_equal("clever abort code", (code or 0) & fields, expected & fields)
        expect_equal("tag of a clever abort code", (code or 0) >> 63, 1)
        return
    expect_equal("sub-status", code, expected)


def _check_error(error: VMError, expected: Any, has_locations: bool) -> None:
    if expected is None:
        raise error
    expect_equal("status", error.status.name, expected["major_status"])
    _check_code(error.sub_status, expected["sub_status"], is_official=has_locations)
    if error.status is StatusCode.OUT_OF_GAS or not has_locations:
        return
    if not isinstance(error, ExecutionError):
        raise Mismatch("the error has no frames")
    frames = [(frame.module_id, frame.definition_index, frame.code_offset) for frame in error.frames]
    address, _, name = expected["location"].partition("::")
    place = ((bytes.fromhex(address), name), expected["function_def"], expected["offset"])
    if place not in frames:
        raise Mismatch(f"the error is at {frames[-1]}, expected {place}")
