"""What the compiler must do with a text: give diagnostics that can be shown, or modules that verify."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType

from movelite import examples
from movelite.bytecode.reader import deserialize_module
from movelite.bytecode.status import VMError
from movelite.compiler.editions import Edition, Flavor, PackageConfig
from movelite.compiler.lints.run import LintLevel
from movelite.compiler.phases import Compilation, Interface, SourcePackage
from movelite.compiler.rendering import render_all
from movelite.package.addresses import resolve_addresses
from movelite.package.bundle import Bundle
from movelite.package.framework import FRAMEWORK, bundled_folder
from movelite.package.graph import resolve_graph
from movelite.verifier.config import MOVE_DEFAULT_CONFIG
from movelite.verifier.verifier import verify_module

SECONDS_MAX = 20
"""Most CPU time that one text may take."""

NO_LIMITS = replace(
    MOVE_DEFAULT_CONFIG,
    max_value_stack_size=1_000_000,
    max_constant_vector_length=None,
    max_identifier_length=None,
    max_variants_in_enum=None,
)
"""What a network takes is no matter of the compiler."""

ADDRESSES = {"std": 1, "iota": 2, "a": 0x44, "b": 0x45, "A": 0x41, "B": 0x42, "M": 0x40, "K": 0x19, "k": 0x19}


class Crash(Exception):
    """The compiler gave neither diagnostics nor sound modules."""


@dataclass(slots=True)
class Corpus:
    """Texts to start from; `own` is the framework and the examples."""

    texts: list[str] = field(default_factory=list)

    @classmethod
    def own(cls) -> Corpus:
        """Our framework's and examples' sources."""
        return cls.of_folder(FRAMEWORK) + cls.of_folder(Path(examples.__file__).parent)

    @classmethod
    def of_folder(cls, folder: Path) -> Corpus:
        """All Move files below a folder."""
        return cls([path.read_bytes().decode("utf-8", "replace") for path in sorted(folder.rglob("*.move"))])

    def __add__(self, other: Corpus) -> Corpus:
        return Corpus(self.texts + other.texts)


class Host:
    """Compiles texts against the bundled framework."""

    def __init__(self) -> None:
        graph = resolve_graph(bundled_folder("Iota"))
        nodes, addresses = list(graph.packages.values()), resolve_addresses(graph)
        self._interfaces: dict[bool, Interface | None] = {
            mode: Bundle(nodes, addresses, mode).interface() for mode in (False, True)
        }

    def take(self, text: str, mode: int) -> str:
        """Compile a text; `mode` picks edition, flavour and tests. Says what came of it.

        Raises: Crash, and whatever the compiler lets through, which it must not.
        """
        edition = (Edition.E2024_BETA, Edition.E2024_BETA, Edition.LEGACY, Edition.E2024_ALPHA)[mode % 4]
        flavor = Flavor.CORE if mode % 3 == 0 else Flavor.IOTA
        test_mode = mode % 5 == 0
        package = SourcePackage(PackageConfig("P", edition, flavor), [("m.move", text)], dict(ADDRESSES))
        compilation = Compilation(
            [package],
            interface=self._interfaces[test_mode],
            test_mode=test_mode,
            lint_level=LintLevel.ALL,
            sources_shadow_dependencies=True,
        )
        _ = compilation.tests
        units = compilation.modules
        report = render_all(compilation.diagnostics, compilation.source_map)
        if units is None or compilation.diagnostics.has_errors:
            if not compilation.diagnostics.has_errors or not report:
                raise Crash("no modules and no error")
            return "refused, too deep" if "Nested too deeply" in report else "refused"
        for unit in units.values():
            try:
                verify_module(deserialize_module(unit.bytecode), NO_LIMITS)
            except VMError as error:
                raise Crash(f"accepted, but {unit.ident} is no sound module: {error}") from error
        return "accepted"


class Clock:
    """Stops what takes too much CPU time; a busy machine is no slow compiler."""

    def __init__(self) -> None:
        signal.signal(signal.SIGPROF, _too_long)
        self._started = 0.0

    def __enter__(self) -> Clock:
        self._started = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, SECONDS_MAX)
        return self

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)

    @property
    def seconds(self) -> float:
        """CPU time since it was entered."""
        return time.process_time() - self._started


def _too_long(signum: int, frame: FrameType | None) -> None:
    raise TimeoutError(f"more than {SECONDS_MAX} seconds")
