"""Short ways to type-check a piece of Move in a test."""

from __future__ import annotations

from movelite.compiler import typed_tree as T
from movelite.compiler.diagnostics import Diagnostic
from movelite.compiler.editions import Edition, Flavor, PackageConfig
from movelite.compiler.phases import Compilation, SourcePackage

ADDRESSES = {"std": 1, "iota": 2, "a": 0x42}


def compilation(
    source: str, edition: Edition = Edition.E2024_BETA, flavor: Flavor = Flavor.CORE, test_mode: bool = False
) -> Compilation:
    """A compilation of one file of the package `test`."""
    config = PackageConfig("test", edition, flavor)
    package = SourcePackage(config, [("test.move", source)], dict(ADDRESSES))
    return Compilation([package], test_mode=test_mode)


def diagnostics_of(
    source: str, edition: Edition = Edition.E2024_BETA, flavor: Flavor = Flavor.CORE
) -> list[Diagnostic]:
    """What type checking says about a file."""
    run = compilation(source, edition, flavor)
    _ = run.typed
    return list(run.diagnostics)


def errors_of(source: str, edition: Edition = Edition.E2024_BETA, flavor: Flavor = Flavor.CORE) -> list[str]:
    """The errors of a file, each as its code and message."""
    return [f"{d.code} {d.message}" for d in diagnostics_of(source, edition, flavor) if d.is_error]


def codes_in(members: str, edition: Edition = Edition.E2024_BETA) -> list[str]:
    """The codes of the errors in a module with these members."""
    source = f"module a::m {{ {members} }}"
    return [str(d.code) for d in diagnostics_of(source, edition) if d.is_error]


def warnings_in(members: str) -> list[str]:
    """The codes of the warnings in a module with these members."""
    return [str(d.code) for d in diagnostics_of(f"module a::m {{ {members} }}") if not d.is_error]


def function_in(members: str, name: str = "f") -> T.Function:
    """A function of a module with these members, which must be free of errors."""
    run = compilation(f"module a::m {{ {members} }}")
    program = run.typed
    problems = [f"{d.code} {d.message}" for d in run.diagnostics if d.is_error]
    if problems:
        raise AssertionError(problems)
    module = next(m for m in program.modules.values() if m.ident.name == "m")
    return module.functions[name]


def body_of(members: str, name: str = "f") -> T.Block:
    """The body of such a function."""
    body = function_in(members, name).body
    if body is None:
        raise AssertionError("no body")
    return body


def result_of(members: str, name: str = "f") -> T.Expression:
    """The value that such a function's body ends with."""
    last = body_of(members, name).items[-1]
    if not isinstance(last, T.Evaluate):
        raise AssertionError(last)
    return last.expression
