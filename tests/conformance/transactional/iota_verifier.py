"""What publishing a package means to the two verifiers, without a ledger.

Modules are read, verified, linked against the compiled framework, and checked by the network's own rules.
Nothing is executed: a package whose `init` aborts counts as published here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from movelite.bytecode.file_format import CompiledModule
from movelite.bytecode.reader import BinaryConfig, deserialize_module
from movelite.bytecode.status import VMError
from movelite.bytecode.writer import serialize_module
from movelite.verifier import iota
from movelite.verifier.dependencies import Exports, immediate_dependencies, verify_linkage
from movelite.verifier.verifier import verify_module
from proto.ids import (
    BRIDGE_ADDRESS,
    IOTA_FRAMEWORK_ADDRESS,
    IOTA_SYSTEM_ADDRESS,
    STARDUST_ADDRESS,
    STD_ADDRESS,
    address_from_int,
)
from tests.conformance.transactional.directives import DirectiveError, Task
from tests.conformance.transactional.options import MANY, ONE, parse_options
from tests.conformance.transactional.runner import Outcome, TaskError
from tests.conformance.transactional.values import parse_named_address
from tests.support.ir import IrError, assemble

_INIT_FLAGS = {"addresses": MANY, "accounts": MANY, "move-binary-format-version": ONE}
_PUBLISH_FLAGS = {"dependencies": MANY, "sender": ONE, "upgradeable": 0}

_FRAMEWORK_NAMES: Mapping[str, bytes] = {
    "std": STD_ADDRESS,
    "iota": IOTA_FRAMEWORK_ADDRESS,
    "iota_system": IOTA_SYSTEM_ADDRESS,
    "bridge": BRIDGE_ADDRESS,
    "stardust": STARDUST_ADDRESS,
}

PUBLISHED = "published"
"""What a task prints whose package is accepted; the ledger prints effects instead."""


class IotaVerifierAdapter:
    """Runs init, publish and set-address."""

    def __init__(self, path: Path, framework: list[CompiledModule]) -> None:
        if path.suffix != ".mvir":
            raise DirectiveError("only IR can be published here")
        self.modules = {module.self_id: module for module in framework}
        self.named_addresses = dict(_FRAMEWORK_NAMES)
        self.config = BinaryConfig()
        self.published: dict[int, bytes] = {}
        """By task: the address of the package it published."""

    def initialize(self, task: Task | None) -> str | None:
        """Named addresses and the highest version of the format."""
        options = parse_options(task.words[1:] if task else (), _INIT_FLAGS)
        for assignment in options.many("addresses"):
            name, _, address = assignment.partition("=")
            self.named_addresses[name] = parse_named_address(address, {})
        version = options.one("move-binary-format-version")
        if version is not None:
            self.config = BinaryConfig(max_binary_format_version=int(version))
        return None

    def handle(self, task: Task) -> Outcome:
        """Run one task."""
        match task.words:
            case ("set-address", name, place):
                found = re.fullmatch(r"object\((\d+),\d+\)", place)
                if found is None or int(found[1]) not in self.published:
                    raise DirectiveError(f"{place} is no package")
                self.named_addresses[name] = self.published[int(found[1])]
                return Outcome(None, 1)
            case ("publish", *words):
                parse_options(tuple(words), _PUBLISH_FLAGS)
                self._publish(task)
                return Outcome(PUBLISHED, 1)
            case _:
                raise DirectiveError(f"unknown command {task.name}")

    def _publish(self, task: Task) -> None:
        address = address_from_int(0xFACE0000 + task.number)
        try:
            source = assemble(task.data or "", self.modules.values(), self.named_addresses)
        except IrError as error:
            raise TaskError(str(error)) from error
        try:
            module = self._verify(serialize_module(source), address)
        except VMError as error:
            raise TaskError(f"VMVerificationOrDeserializationError {error.status.name}") from error
        except iota.IotaVerificationError as error:
            raise TaskError(f"IotaMoveVerificationError {self._mask(error.message)}") from error
        self.modules[module.self_id] = module
        self.published[task.number] = address

    def _verify(self, data: bytes, address: bytes) -> CompiledModule:
        module = deserialize_module(data, self.config)
        module.address_identifiers[module.module_handles[module.self_module_handle_idx].address] = address
        view = verify_module(module)
        dependencies = [self.modules[d] for d in immediate_dependencies(module) if d in self.modules]
        verify_linkage(module, map(Exports, dependencies))
        iota.verify_module(view)
        return module

    def _mask(self, message: str) -> str:
        """A message with names for addresses that have one, and `_` for others."""
        names = {address: name for name, address in self.named_addresses.items()}
        return re.sub(r"\b(?:0x)?([0-9a-f]{64})\b|\b0x([0-9a-f]+)\b", lambda m: _named(m, names), message)


def _named(match: re.Match[str], names: Mapping[bytes, str]) -> str:
    return names.get(bytes.fromhex((match[1] or match[2]).rjust(64, "0")), "_")


_KIND = re.compile(r"kind: (\w+)(?:.*?, source: Some\(\"(?P<message>.*)\"\), command)?")


def verdict(output: str) -> str:
    """The part of a task's output that counts: that it published, or why not.

    The rules of the network are told apart by their message, those of Move by the major status.
    """
    if not output.startswith("Error: "):
        return PUBLISHED if output else ""
    kind = _KIND.search(output)
    if kind is None:
        return output
    if kind[1] == "VMVerificationOrDeserializationError":
        status = re.search(r"major_status: (\w+)", output)
        return f"Error: {kind[1]} {status[1] if status else ''}"
    return f"Error: {kind[1]} {kind['message']}"
