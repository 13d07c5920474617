"""The tables of a module under construction. Rows get the next free index when they are first needed."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Generic, TypeVar

from movelite.bytecode.file_format import (
    AbilitySet,
    CompiledModule,
    Constant,
    Datatype,
    DatatypeHandle,
    DatatypeInstantiation,
    DatatypeTypeParameter,
    EnumDefInstantiation,
    FieldHandle,
    FieldInstantiation,
    FunctionHandle,
    FunctionInstantiation,
    ModuleHandle,
    MutableReference,
    Reference,
    Signature,
    SignatureToken,
    StructDefInstantiation,
    VariantHandle,
    VariantInstantiationHandle,
    Vector,
)
from movelite.bytecode.layout import INDEX_MAX, is_identifier
from tests.support.ir.errors import IrError
from tests.support.ir.syntax import ModuleIdent

SELF = "Self"

T = TypeVar("T", bound=Hashable)


class Pool(Generic[T]):
    """Distinct rows in the order of their first use."""

    def __init__(self) -> None:
        self.index_of: dict[T, int] = {}

    def index(self, row: T) -> int:
        """The row's index; a new row is added."""
        if row not in self.index_of and len(self.index_of) >= INDEX_MAX:
            raise IrError("Max table size reached!")
        return self.index_of.setdefault(row, len(self.index_of))

    def rows(self) -> list[T]:
        """All rows by index."""
        return list(self.index_of)


class Tables:
    """All pools of one module, and what its names stand for.

    dependencies: modules that imports may name, by address and name.
    """

    def __init__(self, dependencies: Mapping[ModuleIdent, CompiledModule]) -> None:
        self.dependencies = dependencies
        self.module_handles: Pool[ModuleHandle] = Pool()
        self.datatype_handles: Pool[DatatypeHandle] = Pool()
        self.signatures: Pool[Signature] = Pool()
        self.identifiers: Pool[str] = Pool()
        self.addresses: Pool[bytes] = Pool()
        self.constants: Pool[Constant] = Pool()
        self.field_handles: Pool[FieldHandle] = Pool()
        self.struct_instantiations: Pool[StructDefInstantiation] = Pool()
        self.enum_instantiations: Pool[EnumDefInstantiation] = Pool()
        self.function_instantiations: Pool[FunctionInstantiation] = Pool()
        self.field_instantiations: Pool[FieldInstantiation] = Pool()
        self.variant_handles: Pool[VariantHandle] = Pool()
        self.variant_instantiations: Pool[VariantInstantiationHandle] = Pool()
        self.functions: dict[tuple[str, str], tuple[FunctionHandle, int]] = {}
        self.datatypes: dict[tuple[str, str], DatatypeHandle] = {}
        self.imports: dict[str, tuple[ModuleIdent, int]] = {}
        """By alias: the module, and the index of its handle."""
        self.alias_of: dict[ModuleIdent, str] = {}

    def identifier(self, name: str) -> int:
        """Index of an identifier. Raises: IrError if it is none."""
        if not is_identifier(name.encode()):
            raise IrError(f"Invalid identifier '{name}'")
        return self.identifiers.index(name)

    def module_handle(self, ident: ModuleIdent) -> ModuleHandle:
        """A handle row, not yet in the pool (friends are not)."""
        return ModuleHandle(self.addresses.index(ident[0]), self.identifier(ident[1]))

    def declare_import(self, ident: ModuleIdent, alias: str) -> int:
        """Make alias stand for a module; the index of its handle."""
        self.alias_of[ident] = alias
        index = self.module_handles.index(self.module_handle(ident))
        self.imports[alias] = (ident, index)
        return index

    def declare_datatype(
        self, module: str, name: str, abilities: AbilitySet, parameters: tuple[DatatypeTypeParameter, ...]
    ) -> int:
        """Add the handle of a struct or enum; its index."""
        handle = DatatypeHandle(self._import(module)[1], self.identifier(name), abilities, parameters)
        self.datatypes[module, name] = handle
        return self.datatype_handles.index(handle)

    def declare_function(
        self,
        module: str,
        name: str,
        parameters: Signature,
        returns: Signature,
        type_parameters: tuple[AbilitySet, ...],
    ) -> None:
        """Add the handle of a function; a second one of that name replaces the first in its place."""
        module_index = self._import(module)[1]
        handle = FunctionHandle(
            module_index,
            self.identifier(name),
            self.signatures.index(parameters),
            self.signatures.index(returns),
            type_parameters,
        )
        index = self.functions[module, name][1] if (module, name) in self.functions else len(self.functions)
        self.functions[module, name] = (handle, index)

    def datatype(self, module: str, name: str) -> int:
        """Index of the handle of a struct or enum, taken from the dependency if it is new.

        Raises: IrError if there is none.
        """
        if (module, name) in self.datatypes:
            return self.datatype_handles.index(self.datatypes[module, name])
        if module == SELF:
            raise IrError(f"Unbound struct {module}.{name}")
        ident = self._import(module)[0]
        dependency = self._dependency(ident)
        for handle in dependency.datatype_handles:
            declared_in = dependency.module_handles[handle.module]
            if dependency.identifiers[handle.name] == name and (
                dependency.identifiers[declared_in.name] == ident[1]
            ):
                return self.declare_datatype(module, name, handle.abilities, handle.type_parameters)
        raise IrError(f"Unbound struct {module}.{name}")

    def function(self, module: str, name: str) -> int:
        """Index of the handle of a function, taken from the dependency if it is new.

        Raises: IrError if there is none.
        """
        if (module, name) not in self.functions:
            if module == SELF:
                raise IrError(f"Unbound function {module}.{name}")
            self._declare_from_dependency(module, name)
        return self.functions[module, name][1]

    def function_handles(self) -> list[FunctionHandle]:
        """All function handles by index."""
        return [handle for handle, _ in sorted(self.functions.values(), key=lambda row: row[1])]

    def _declare_from_dependency(self, module: str, name: str) -> None:
        ident = self._import(module)[0]
        dependency = self._dependency(ident)
        found = None
        for handle in dependency.function_handles:
            is_own = handle.module == dependency.self_module_handle_idx
            if is_own and dependency.identifiers[handle.name] == name:
                found = handle
        if found is None:
            raise IrError(f"Unbound function {_text(ident)}.{name}")
        returns = self._translate_all(dependency, dependency.signatures[found.return_])
        parameters = self._translate_all(dependency, dependency.signatures[found.parameters])
        self.declare_function(module, name, parameters, returns, found.type_parameters)

    def _import(self, alias: str) -> tuple[ModuleIdent, int]:
        if alias not in self.imports:
            raise IrError(f"Unbound module alias {alias}")
        return self.imports[alias]

    def _dependency(self, ident: ModuleIdent) -> CompiledModule:
        if ident not in self.dependencies:
            raise IrError(f"Dependency not provided for {_text(ident)}")
        return self.dependencies[ident]

    def _translate_all(self, dependency: CompiledModule, tokens: Signature) -> Signature:
        return tuple(self._translate(dependency, token) for token in tokens)

    def _translate(self, dependency: CompiledModule, token: SignatureToken) -> SignatureToken:
        """A type of another module in terms of this one's handles."""
        match token:
            case Vector(inner):
                return Vector(self._translate(dependency, inner))
            case Reference(inner):
                return Reference(self._translate(dependency, inner))
            case MutableReference(inner):
                return MutableReference(self._translate(dependency, inner))
            case Datatype(handle):
                return Datatype(self._translate_handle(dependency, handle))
            case DatatypeInstantiation(handle, arguments):
                index = self._translate_handle(dependency, handle)
                return DatatypeInstantiation(index, self._translate_all(dependency, arguments))
            case _:
                return token

    def _translate_handle(self, dependency: CompiledModule, handle: int) -> int:
        row = dependency.datatype_handles[handle]
        ident = dependency.module_id(dependency.module_handles[row.module])
        if ident not in self.alias_of:
            raise IrError(f"Missing import for module {_text(ident)}")
        return self.datatype(self.alias_of[ident], dependency.identifiers[row.name])


def _text(ident: ModuleIdent) -> str:
    return f"{ident[0].hex()}.{ident[1]}"
