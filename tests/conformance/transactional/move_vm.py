"""The world of the Move VM's own suites: modules in memory, no ledger. Source: vm_test_harness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from movelite.bytecode.disassembler import disassemble
from movelite.bytecode.file_format import CompiledModule
from movelite.bytecode.source_map import SourceMap
from movelite.bytecode.status import StatusCode, VMError
from movelite.bytecode.writer import serialize_module
from proto.ids import STD_ADDRESS, short_address
from proto.type_tag import TypeTag, parse_type_tag
from tests.conformance.transactional.directives import DirectiveError, Task
from tests.conformance.transactional.options import MANY, ONE, Options, parse_options
from tests.conformance.transactional.runner import Outcome, TaskError
from tests.conformance.transactional.values import (
    encode_value,
    parse_named_address,
    parse_value,
    resolve_type_names,
)
from tests.support.ir import IrError, assemble

ModuleId = tuple[bytes, str]

_INIT_FLAGS = {"addresses": MANY, "edition": ONE}
_COMPILE_FLAGS = {"syntax": ONE, "gas-budget": ONE}
_RUN_FLAGS = _COMPILE_FLAGS | {"signers": MANY, "args": MANY, "type-args": MANY}


@dataclass(frozen=True, slots=True)
class Unit:
    """A module that was assembled or compiled, and its source map if it was compiled."""

    module: CompiledModule
    source_map: SourceMap | None = None


@dataclass(frozen=True, slots=True)
class CallResult:
    """What a call gave. work: the number of instructions it executed, at least one."""

    mutable_inputs: tuple[tuple[int, str], ...]
    returns: tuple[str, ...]
    work: int


class MoveVm(Protocol):
    """The verifier and VM under test, with the modules published so far."""

    def publish(self, modules: Sequence[bytes], sender: bytes) -> None:
        """Verify and keep modules. Raises: VMError."""
        ...

    def call(
        self,
        module_id: ModuleId,
        function: str,
        type_arguments: Sequence[TypeTag],
        arguments: Sequence[bytes],
        gas_budget: int | None,
    ) -> CallResult:
        """Call any function with arguments in BCS. Raises: VMError."""
        ...


class SourceCompiler(Protocol):
    """Compiles Move source against what was published before."""

    def compile(self, text: str, named_addresses: dict[str, bytes], edition: str) -> list[Unit]:
        """The modules of a file. Raises: TaskError with the rendered diagnostics."""
        ...

    def add(self, text: str | None, units: Sequence[Unit]) -> None:
        """Make modules visible to later sources; text is their source if they have one."""
        ...


class MoveVmAdapter:
    """Runs init, publish, run and print-bytecode."""

    def __init__(
        self,
        path: Path,
        virtual_machine: MoveVm,
        stdlib: Sequence[CompiledModule],
        compiler: SourceCompiler | None = None,
    ) -> None:
        self.virtual_machine = virtual_machine
        self.compiler = compiler
        self.default_syntax = path.suffix[1:]
        self.named_addresses: dict[str, bytes] = {"std": STD_ADDRESS}
        self.edition = "legacy"
        self.modules = {module.self_id: module for module in stdlib}

    def initialize(self, task: Task | None) -> str | None:
        """Named addresses and edition."""
        if task is None:
            return None
        options = parse_options(task.words[1:], _INIT_FLAGS)
        for assignment in options.many("addresses"):
            name, _, address = assignment.partition("=")
            if name in self.named_addresses:
                raise DirectiveError(f"the named address {name!r} is reserved")
            self.named_addresses[name] = parse_named_address(address, {})
        self.edition = options.one("edition") or "legacy"
        return None

    def handle(self, task: Task) -> Outcome:
        """Run one task."""
        match task.name:
            case "print-bytecode":
                options = parse_options(task.words[1:], _COMPILE_FLAGS)
                units = self._compile(task, options)
                return Outcome("".join(disassemble(u.module, u.source_map) for u in units), len(units))
            case "publish":
                self._publish(task, parse_options(task.words[1:], _COMPILE_FLAGS))
                return Outcome(None, 1)
            case "run":
                return self._run(task, parse_options(task.words[1:], _RUN_FLAGS))
            case name:
                raise DirectiveError(f"unknown command {name}")

    def _compile(self, task: Task, options: Options) -> list[Unit]:
        if task.data is None:
            raise DirectiveError(f"expected a module after {task.name}")
        if (options.one("syntax") or self.default_syntax) == "mvir":
            try:
                return [Unit(assemble(task.data, self.modules.values(), self.named_addresses))]
            except IrError as error:
                raise TaskError(str(error)) from error
        if self.compiler is None:
            raise DirectiveError("a Move source, and no compiler to compile it")
        return self.compiler.compile(task.data, self.named_addresses, self.edition)

    def _publish(self, task: Task, options: Options) -> list[Unit]:
        units = self._compile(task, options)
        first = units[0].module.self_id
        try:
            modules = [serialize_module(unit.module) for unit in units]
            self.virtual_machine.publish(modules, first[0])
        except VMError as error:
            if error.status is StatusCode.VALUE_SERIALIZATION_ERROR:
                raise TaskError(error.message or "") from error
            name = f"{first[0].hex()}::{first[1]}"
            raise TaskError(
                f"Unable to publish module '{name}'. Got VMError: {format_vm_error(error)}"
            ) from error
        self.modules.update({unit.module.self_id: unit.module for unit in units})
        if self.compiler is not None:
            self.compiler.add(task.data if units[0].source_map else None, units)
        return units

    def _run(self, task: Task, options: Options) -> Outcome:
        if options.positional:
            address, module, function = self._function_name(options.positional[0])
            module_id = (address, module)
        else:
            module_id, function = _only_function([unit.module for unit in self._publish(task, options)])
        signers = [
            parse_named_address(word.removeprefix("@"), self.named_addresses)
            for word in options.many("signers")
        ]
        values = [encode_value(parse_value(word, self.named_addresses)) for word in options.many("args")]
        types = [
            parse_type_tag(resolve_type_names(w, self.named_addresses)) for w in options.many("type-args")
        ]
        budget = options.one("gas-budget")
        try:
            result = self.virtual_machine.call(
                module_id, function, types, signers + values, int(budget) if budget else None
            )
        except VMError as error:
            raise TaskError(f"Function execution failed with VMError: {format_vm_error(error)}") from error
        return Outcome(_format_result(result), result.work)

    def _function_name(self, text: str) -> tuple[bytes, str, str]:
        parts = text.split("::")
        if len(parts) != 3:
            raise DirectiveError(f"{text} is no function")
        return parse_named_address(parts[0], self.named_addresses), parts[1], parts[2]


def _only_function(modules: Sequence[CompiledModule]) -> tuple[ModuleId, str]:
    """The one entry function, or the one function, of the one module."""
    if len(modules) != 1:
        raise DirectiveError("expected exactly one module")
    module = modules[0]
    entries = [f for f in module.function_defs if f.is_entry]
    candidates = entries if len(entries) == 1 else module.function_defs
    if len(candidates) != 1:
        raise DirectiveError("expected exactly one function or one entry function")
    return module.self_id, module.identifiers[module.function_handles[candidates[0].function].name]


def _format_result(result: CallResult) -> str | None:
    lines = []
    if result.mutable_inputs:
        inputs = ", ".join(f"local#{index}: {value}" for index, value in result.mutable_inputs)
        lines.append(f"mutable inputs after call: {inputs}")
    if result.returns:
        lines.append(f"return values: {', '.join(result.returns)}")
    return "\n".join(lines) or None


def format_vm_error(error: VMError) -> str:
    """A VM error as the official harness prints it."""
    location = (
        "undefined" if error.location is None else f"{short_address(error.location[0])}::{error.location[1]}"
    )
    indices = ", ".join(f"({_camel_case(kind.name)}, {index})" for kind, index in error.indices)
    offsets = ", ".join(f"(FunctionDefinitionIndex({f}), {offset})" for f, offset in error.offsets)
    sub_status = "None" if error.sub_status is None else f"Some({error.sub_status})"
    return (
        f"{{\n    major_status: {error.status.name},\n    sub_status: {sub_status},\n"
        f"    location: {location},\n    indices: [{indices}],\n    offsets: [{offsets}],\n}}"
    )


def _camel_case(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
