"""The Move binary file format as data: one class per table row, one field per column.

Rows refer to each other by index, exactly as in the file. Nothing here checks anything: the reader
bounds sizes, the verifier judges meaning.
Source: move-binary-format, file_format.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import NamedTuple

AbilitySet = int
"""Bits of COPY, DROP, STORE and KEY."""

COPY = 1
DROP = 2
STORE = 4
KEY = 8
ALL_ABILITIES = COPY | DROP | STORE | KEY
PRIMITIVE_ABILITIES = COPY | DROP | STORE
REFERENCE_ABILITIES = COPY | DROP
SIGNER_ABILITIES = DROP
VECTOR_ABILITIES = COPY | DROP | STORE

ABILITY_NAMES = ((COPY, "copy"), (DROP, "drop"), (STORE, "store"), (KEY, "key"))


def ability_names(abilities: AbilitySet) -> list[str]:
    """How sources call the abilities of a set."""
    return [name for bit, name in ABILITY_NAMES if abilities & bit]


def abilities_text(abilities: AbilitySet) -> str:
    """A set as official messages print it."""
    return "[" + "".join([f"{name.capitalize()}, " for name in ability_names(abilities)]) + "]"


IOTA_FLAVOR = 0x05
"""Top byte of the version word from version 7 on."""


class Visibility(IntEnum):
    """Who may call a function. FRIEND is what `public(package)` and `public(friend)` compile to."""

    PRIVATE = 0
    PUBLIC = 1
    FRIEND = 3


class Primitive(IntEnum):
    """A signature token without operands; values are the serialized ones."""

    BOOL = 0x1
    U8 = 0x2
    U64 = 0x3
    U128 = 0x4
    ADDRESS = 0x5
    SIGNER = 0xC
    U16 = 0xD
    U32 = 0xE
    U256 = 0xF


@dataclass(frozen=True, slots=True)
class Reference:
    """`&T`."""

    inner: SignatureToken


@dataclass(frozen=True, slots=True)
class MutableReference:
    """`&mut T`."""

    inner: SignatureToken


@dataclass(frozen=True, slots=True)
class Vector:
    """`vector<T>`."""

    inner: SignatureToken


@dataclass(frozen=True, slots=True)
class Datatype:
    """A struct or enum without type arguments."""

    handle: int


@dataclass(frozen=True, slots=True)
class DatatypeInstantiation:
    """A struct or enum with at least one type argument."""

    handle: int
    type_arguments: tuple[SignatureToken, ...]


@dataclass(frozen=True, slots=True)
class TypeParameter:
    """A type parameter of the enclosing function or datatype."""

    index: int


SignatureToken = (
    Primitive | Reference | MutableReference | Vector | Datatype | DatatypeInstantiation | TypeParameter
)
Signature = tuple[SignatureToken, ...]


class Opcode(IntEnum):
    """Every instruction, with its serialized value."""

    POP = 0x01
    RET = 0x02
    BR_TRUE = 0x03
    BR_FALSE = 0x04
    BRANCH = 0x05
    LD_U64 = 0x06
    LD_CONST = 0x07
    LD_TRUE = 0x08
    LD_FALSE = 0x09
    COPY_LOC = 0x0A
    MOVE_LOC = 0x0B
    ST_LOC = 0x0C
    MUT_BORROW_LOC = 0x0D
    IMM_BORROW_LOC = 0x0E
    MUT_BORROW_FIELD = 0x0F
    IMM_BORROW_FIELD = 0x10
    CALL = 0x11
    PACK = 0x12
    UNPACK = 0x13
    READ_REF = 0x14
    WRITE_REF = 0x15
    ADD = 0x16
    SUB = 0x17
    MUL = 0x18
    MOD = 0x19
    DIV = 0x1A
    BIT_OR = 0x1B
    BIT_AND = 0x1C
    XOR = 0x1D
    OR = 0x1E
    AND = 0x1F
    NOT = 0x20
    EQ = 0x21
    NEQ = 0x22
    LT = 0x23
    GT = 0x24
    LE = 0x25
    GE = 0x26
    ABORT = 0x27
    NOP = 0x28
    EXISTS_DEPRECATED = 0x29
    MUT_BORROW_GLOBAL_DEPRECATED = 0x2A
    IMM_BORROW_GLOBAL_DEPRECATED = 0x2B
    MOVE_FROM_DEPRECATED = 0x2C
    MOVE_TO_DEPRECATED = 0x2D
    FREEZE_REF = 0x2E
    SHL = 0x2F
    SHR = 0x30
    LD_U8 = 0x31
    LD_U128 = 0x32
    CAST_U8 = 0x33
    CAST_U64 = 0x34
    CAST_U128 = 0x35
    MUT_BORROW_FIELD_GENERIC = 0x36
    IMM_BORROW_FIELD_GENERIC = 0x37
    CALL_GENERIC = 0x38
    PACK_GENERIC = 0x39
    UNPACK_GENERIC = 0x3A
    EXISTS_GENERIC_DEPRECATED = 0x3B
    MUT_BORROW_GLOBAL_GENERIC_DEPRECATED = 0x3C
    IMM_BORROW_GLOBAL_GENERIC_DEPRECATED = 0x3D
    MOVE_FROM_GENERIC_DEPRECATED = 0x3E
    MOVE_TO_GENERIC_DEPRECATED = 0x3F
    VEC_PACK = 0x40
    VEC_LEN = 0x41
    VEC_IMM_BORROW = 0x42
    VEC_MUT_BORROW = 0x43
    VEC_PUSH_BACK = 0x44
    VEC_POP_BACK = 0x45
    VEC_UNPACK = 0x46
    VEC_SWAP = 0x47
    LD_U16 = 0x48
    LD_U32 = 0x49
    LD_U256 = 0x4A
    CAST_U16 = 0x4B
    CAST_U32 = 0x4C
    CAST_U256 = 0x4D
    PACK_VARIANT = 0x4E
    PACK_VARIANT_GENERIC = 0x4F
    UNPACK_VARIANT = 0x50
    UNPACK_VARIANT_IMM_REF = 0x51
    UNPACK_VARIANT_MUT_REF = 0x52
    UNPACK_VARIANT_GENERIC = 0x53
    UNPACK_VARIANT_GENERIC_IMM_REF = 0x54
    UNPACK_VARIANT_GENERIC_MUT_REF = 0x55
    VARIANT_SWITCH = 0x56


class Instruction(NamedTuple):
    """One instruction.

    operand is the literal of a load, the target offset of a branch, the local, or the table index the
    opcode names; count is the element count of VEC_PACK and VEC_UNPACK. Both are 0 where unused.
    """

    opcode: Opcode
    operand: int = 0
    count: int = 0  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class ModuleHandle:
    """A module: indices of its address and its name."""

    address: int
    name: int


@dataclass(frozen=True, slots=True)
class DatatypeTypeParameter:
    """A type parameter of a struct or enum."""

    constraints: AbilitySet
    is_phantom: bool


@dataclass(frozen=True, slots=True)
class DatatypeHandle:
    """A struct or enum of this or another module."""

    module: int
    name: int
    abilities: AbilitySet
    type_parameters: tuple[DatatypeTypeParameter, ...]


@dataclass(frozen=True, slots=True)
class FunctionHandle:
    """A function of this or another module; parameters and return_ are signature indices."""

    module: int
    name: int
    parameters: int
    return_: int
    type_parameters: tuple[AbilitySet, ...]


@dataclass(frozen=True, slots=True)
class FieldHandle:
    """A field by position, of a struct definition of this module."""

    owner: int
    field: int


@dataclass(frozen=True, slots=True)
class StructDefInstantiation:
    """A struct definition with type arguments (a signature index)."""

    definition: int
    type_parameters: int


@dataclass(frozen=True, slots=True)
class EnumDefInstantiation:
    """An enum definition with type arguments (a signature index)."""

    definition: int
    type_parameters: int


@dataclass(frozen=True, slots=True)
class FunctionInstantiation:
    """A function handle with type arguments (a signature index)."""

    handle: int
    type_parameters: int


@dataclass(frozen=True, slots=True)
class FieldInstantiation:
    """A field handle with type arguments (a signature index)."""

    handle: int
    type_parameters: int


@dataclass(frozen=True, slots=True)
class VariantHandle:
    """A variant, by tag, of an enum definition."""

    enum_def: int
    variant: int


@dataclass(frozen=True, slots=True)
class VariantInstantiationHandle:
    """A variant, by tag, of an enum definition instantiation."""

    enum_def: int
    variant: int


@dataclass(frozen=True, slots=True)
class FieldDefinition:
    """A field: identifier index and type."""

    name: int
    signature: SignatureToken


@dataclass(frozen=True, slots=True)
class StructDefinition:
    """A struct; fields is None for a native struct."""

    handle: int
    fields: tuple[FieldDefinition, ...] | None


@dataclass(frozen=True, slots=True)
class VariantDefinition:
    """A variant of an enum: identifier index and fields."""

    name: int
    fields: tuple[FieldDefinition, ...]


@dataclass(frozen=True, slots=True)
class EnumDefinition:
    """An enum and its variants, in tag order."""

    handle: int
    variants: tuple[VariantDefinition, ...]


@dataclass(frozen=True, slots=True)
class VariantJumpTable:
    """Where a VARIANT_SWITCH goes, one code offset per variant tag."""

    head_enum: int
    jump_table: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CodeUnit:
    """A function body. locals_ is the signature index of the locals after the parameters."""

    locals_: int
    code: tuple[Instruction, ...]
    jump_tables: tuple[VariantJumpTable, ...] = ()


@dataclass(frozen=True, slots=True)
class FunctionDefinition:
    """A function of this module; code is None for a native one."""

    function: int
    visibility: Visibility
    is_entry: bool
    acquires_global_resources: tuple[int, ...]
    code: CodeUnit | None


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant: its type and its BCS bytes."""

    type_: SignatureToken
    data: bytes


@dataclass(frozen=True, slots=True)
class Metadata:
    """A key and value attached to the module (refused on chain)."""

    key: bytes
    value: bytes


@dataclass(slots=True)
class CompiledModule:
    """A whole module. version is the plain number (6 or 7) without the flavor byte."""

    version: int
    self_module_handle_idx: int
    module_handles: list[ModuleHandle] = field(default_factory=list)
    datatype_handles: list[DatatypeHandle] = field(default_factory=list)
    function_handles: list[FunctionHandle] = field(default_factory=list)
    field_handles: list[FieldHandle] = field(default_factory=list)
    friend_decls: list[ModuleHandle] = field(default_factory=list)
    struct_def_instantiations: list[StructDefInstantiation] = field(default_factory=list)
    function_instantiations: list[FunctionInstantiation] = field(default_factory=list)
    field_instantiations: list[FieldInstantiation] = field(default_factory=list)
    signatures: list[Signature] = field(default_factory=list)
    identifiers: list[str] = field(default_factory=list)
    address_identifiers: list[bytes] = field(default_factory=list)
    constant_pool: list[Constant] = field(default_factory=list)
    metadata: list[Metadata] = field(default_factory=list)
    struct_defs: list[StructDefinition] = field(default_factory=list)
    function_defs: list[FunctionDefinition] = field(default_factory=list)
    enum_defs: list[EnumDefinition] = field(default_factory=list)
    enum_def_instantiations: list[EnumDefInstantiation] = field(default_factory=list)
    variant_handles: list[VariantHandle] = field(default_factory=list)
    variant_instantiation_handles: list[VariantInstantiationHandle] = field(default_factory=list)

    @property
    def self_id(self) -> tuple[bytes, str]:
        """(address, name) of this module."""
        return self.module_id(self.module_handles[self.self_module_handle_idx])

    def module_id(self, handle: ModuleHandle) -> tuple[bytes, str]:
        """(address, name) that a module handle stands for."""
        return self.address_identifiers[handle.address], self.identifiers[handle.name]

    def at_address(self, address: bytes) -> CompiledModule:
        """The module with another address of its own, which must stand in the table only once."""
        addresses = list(self.address_identifiers)
        addresses[self.module_handles[self.self_module_handle_idx].address] = address
        return replace(self, address_identifiers=addresses)
