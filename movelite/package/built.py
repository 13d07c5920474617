"""What a build gives."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path

from proto.ids import Address

from .errors import ResolutionError


@dataclass(frozen=True, slots=True)
class BuiltModule:
    """A compiled module; `source_map` has the form of a source map file, `source` is the file's path."""

    address: Address
    name: str
    bytecode: bytes
    package: str
    source_map: bytes = b""
    source: str = ""


@dataclass(frozen=True, slots=True)
class BuiltPackage:
    """What a build gave.

    `modules` are those to publish, dependencies before dependents; `dependency_ids` are the packages on
    the ledger that it links against, by name; `unpublished` are dependencies that are nowhere on it;
    `problems` say in sentences why the place of others is unclear; `warnings` is what the compiler said,
    with excerpts. `linked_packages` are all packages below it by name, `linked_key` a digest of all they are.
    """

    name: str
    folder: Path
    modules: tuple[BuiltModule, ...]
    dependency_ids: dict[str, Address] = field(default_factory=dict)
    unpublished: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    published_at: Address | None = None
    named_addresses: dict[str, int] = field(default_factory=dict)
    warnings: str = ""
    linked_packages: tuple[str, ...] = ()
    linked_key: str = ""

    @property
    def digest(self) -> bytes:
        """The package digest: 32 bytes over modules and dependencies, in any order."""
        from proto.object import package_digest

        modules = [module.bytecode for module in self.modules]
        return package_digest(modules, list(self.dependency_ids.values()))

    def check_publishable(self) -> None:
        """Check that it is known where every dependency is on the ledger. Raises: ResolutionError."""
        if self.problems:
            hint = "Write the address where it is published, or remove the entry."
            raise ResolutionError("; ".join(self.problems), self.folder, hint)
        if self.unpublished:
            names = ", ".join(f"'{name}'" for name in self.unpublished)
            hint = (
                "Add 'published-at' to their Move.toml, or build with --with-unpublished-dependencies to "
                "publish them along."
            )
            raise ResolutionError(f"these dependencies are not published: {names}", self.folder, hint)

    def base64_dump(self) -> str:
        """What `move build --dump-bytecode-as-base64` prints.

        Raises: ResolutionError if it is not known where a dependency is published.
        """
        self.check_publishable()
        dump = {
            "dependencies": [f"0x{address.hex()}" for address in self.dependency_ids.values()],
            "digest": list(self.digest),
            "modules": [b64encode(module.bytecode).decode() for module in self.modules],
        }
        return json.dumps(dump, separators=(",", ":"))
