"""The tables of a module while it is made: each row is interned once, in the order of first use."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from movelite.bytecode import file_format as ff

from .. import typed_tree as tt
from ..named_tree import NamedProgram
from ..types import (
    BuiltinType,
    DatatypeType,
    ModuleIdent,
    ParameterType,
    ReferenceType,
    Type,
    UnitType,
    elements_of,
)

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")

_PRIMITIVES = {
    "bool": ff.Primitive.BOOL,
    "u8": ff.Primitive.U8,
    "u16": ff.Primitive.U16,
    "u32": ff.Primitive.U32,
    "u64": ff.Primitive.U64,
    "u128": ff.Primitive.U128,
    "u256": ff.Primitive.U256,
    "address": ff.Primitive.ADDRESS,
    "signer": ff.Primitive.SIGNER,
}


class Pool(Generic[K, R]):
    """A table whose rows are found by key."""

    def __init__(self) -> None:
        self.rows: list[R] = []
        self._indices: dict[K, int] = {}

    def find(self, key: K) -> int | None:
        """Index of the row under a key."""
        return self._indices.get(key)

    def add(self, key: K, row: R) -> int:
        """A new row under a key; its index."""
        index = self._indices[key] = len(self.rows)
        self.rows.append(row)
        return index

    def intern(self, key: K, make: Callable[[], R]) -> int:
        """Index of the row under a key, made if it is not there."""
        found = self._indices.get(key)
        if found is not None:
            return found
        row = make()
        # Making a row may have made others.
        return self.add(key, row)


class Pools:
    """All tables of one module."""

    def __init__(self, module: tt.Module, program: tt.Program, named: NamedProgram) -> None:
        self.module = module
        self._program = program
        self.identifiers: Pool[str, str] = Pool()
        self.addresses: Pool[bytes, bytes] = Pool()
        self.modules: Pool[ModuleIdent, ff.ModuleHandle] = Pool()
        self.datatypes: Pool[tuple[ModuleIdent, str], ff.DatatypeHandle] = Pool()
        self.functions: Pool[tuple[ModuleIdent, str], ff.FunctionHandle] = Pool()
        self.signatures: Pool[ff.Signature, ff.Signature] = Pool()
        self.constants: Pool[tuple[ff.SignatureToken, bytes], ff.Constant] = Pool()
        self.function_instantiations: Pool[ff.FunctionInstantiation, ff.FunctionInstantiation] = Pool()
        self.struct_instantiations: Pool[ff.StructDefInstantiation, ff.StructDefInstantiation] = Pool()
        self.enum_instantiations: Pool[ff.EnumDefInstantiation, ff.EnumDefInstantiation] = Pool()
        self.fields: Pool[ff.FieldHandle, ff.FieldHandle] = Pool()
        self.field_instantiations: Pool[ff.FieldInstantiation, ff.FieldInstantiation] = Pool()
        self.variants: Pool[ff.VariantHandle, ff.VariantHandle] = Pool()
        self.variant_instantiations: Pool[ff.VariantInstantiationHandle, ff.VariantInstantiationHandle] = (
            Pool()
        )
        self.struct_indices = {name: index for index, name in enumerate(module.structs)}
        self.enum_indices = {name: index for index, name in enumerate(module.enums)}
        self._named = named
        self.address_names = {
            (ident.address, ident.name): ident.address_name
            for ident in program.modules
            if ident.address is not None and ident.address_name is not None
        }
        """How the sources name the addresses of all modules of the program."""

    def identifier(self, name: str) -> int:
        """Index of an identifier."""
        return self.identifiers.intern(name, lambda: name)

    def address(self, address: bytes) -> int:
        """Index of an address."""
        return self.addresses.intern(address, lambda: address)

    def module_handle(self, ident: ModuleIdent) -> int:
        """Index of a module handle."""
        return self.modules.intern(
            ident,
            lambda: ff.ModuleHandle(self.address(ident.address or bytes(32)), self.identifier(ident.name)),
        )

    def datatype_handle(self, module: ModuleIdent, name: str) -> int:
        """Index of a struct's or enum's handle."""
        return self.datatypes.intern((module, name), lambda: self._make_datatype(module, name))

    def _make_datatype(self, ident: ModuleIdent, name: str) -> ff.DatatypeHandle:
        module = self._program.modules[ident]
        definition = module.structs.get(name) or module.enums[name]
        parameters = tuple(
            ff.DatatypeTypeParameter(int(p.abilities), p.is_phantom) for p in definition.type_parameters
        )
        handle = self.module_handle(ident)
        return ff.DatatypeHandle(handle, self.identifier(name), int(definition.abilities), parameters)

    def function_handle(self, module: ModuleIdent, name: str) -> int:
        """Index of a function's handle."""
        return self.functions.intern((module, name), lambda: self._make_function(module, name))

    def _make_function(self, ident: ModuleIdent, name: str) -> ff.FunctionHandle:
        function = self._program.modules[ident].functions[name]
        tokens = Tokens(self, function.type_parameters)
        return ff.FunctionHandle(
            module=self.module_handle(ident),
            name=self.identifier(name),
            parameters=self.signature(tuple(tokens.of(p.type) for p in function.parameters)),
            return_=self.signature(tokens.of_all(function.return_type)),
            type_parameters=tuple(int(p.abilities) for p in function.type_parameters),
        )

    def signature(self, signature: ff.Signature) -> int:
        """Index of a signature."""
        return self.signatures.intern(signature, lambda: signature)

    def constant(self, token: ff.SignatureToken, data: bytes) -> int:
        """Index of a constant."""
        return self.constants.intern((token, data), lambda: ff.Constant(token, data))


class Tokens:
    """Types as signature tokens, inside an owner with these type parameters."""

    def __init__(self, pools: Pools, parameters: tuple[object, ...]) -> None:
        self._pools = pools
        self._indices = {parameter: index for index, parameter in enumerate(parameters)}

    def of(self, type_: Type) -> ff.SignatureToken:
        """The token of a type that a value can have."""
        match type_:
            case BuiltinType("vector", (element,)):
                return ff.Vector(self.of(element))
            case BuiltinType(name):
                return _PRIMITIVES[name]
            case ReferenceType(mutable, inner):
                return ff.MutableReference(self.of(inner)) if mutable else ff.Reference(self.of(inner))
            case ParameterType(parameter):
                return ff.TypeParameter(self._indices[parameter])
            case DatatypeType(module, name, arguments):
                handle = self._pools.datatype_handle(module, name)
                if not arguments:
                    return ff.Datatype(handle)
                return ff.DatatypeInstantiation(handle, tuple(self.of(argument) for argument in arguments))
            case UnitType():
                raise ValueError("unit is no type of a value")
            case _:
                raise ValueError(f"{type_} does not reach code generation")

    def of_all(self, type_: Type) -> ff.Signature:
        """The tokens of all parts of a unit, single or tuple type."""
        return tuple(self.of(part) for part in elements_of(type_))
