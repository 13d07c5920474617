"""The syntax tree of a Move IR module."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from movelite.bytecode.file_format import AbilitySet, Opcode, Primitive, Visibility

ModuleIdent = tuple[bytes, str]
"""Address and name."""


@dataclass(frozen=True, slots=True)
class VectorType:
    """`vector<T>`."""

    inner: Type


@dataclass(frozen=True, slots=True)
class ReferenceType:
    """`&T` or `&mut T`."""

    is_mutable: bool
    inner: Type


@dataclass(frozen=True, slots=True)
class DatatypeType:
    """`Module.Name<...>`; module is an alias of this file, or Self."""

    module: str
    name: str
    arguments: tuple[Type, ...]


@dataclass(frozen=True, slots=True)
class TypeVariable:
    """A type parameter by name."""

    name: str


Type = Primitive | VectorType | ReferenceType | DatatypeType | TypeVariable


@dataclass(frozen=True, slots=True)
class Local:
    """`move(x)`, `copy(x)`, `&x` or `&mut x`."""

    opcode: Opcode
    name: str


@dataclass(frozen=True, slots=True)
class Literal_:
    """A number, address, boolean or byte string, with its type."""

    type_: Primitive | Literal["bytes"]
    value: int | bytes


@dataclass(frozen=True, slots=True)
class Pack:
    """`T<...> { f: e, ... }`; variant is None for a struct."""

    datatype: str
    variant: str | None
    arguments: tuple[Type, ...]
    fields: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """Operands and then one instruction without operand."""

    opcode: Opcode
    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class BorrowField:
    """`&e.T<...>::f` or `&mut`."""

    is_mutable: bool
    base: Expression
    struct: str
    arguments: tuple[Type, ...]
    field: str


@dataclass(frozen=True, slots=True)
class BuiltinCall:
    """A vector instruction with its type arguments, a cast or freeze."""

    opcode: Opcode
    type_arguments: tuple[Type, ...]
    count: int
    operand: Expression


@dataclass(frozen=True, slots=True)
class Call:
    """`Module.function<...>(...)`."""

    module: str
    function: str
    type_arguments: tuple[Type, ...]
    operand: Expression


@dataclass(frozen=True, slots=True)
class Sequence_:
    """`(e, ...)`."""

    expressions: tuple[Expression, ...]


Expression = Local | Literal_ | Pack | Operation | BorrowField | BuiltinCall | Call | Sequence_


@dataclass(frozen=True, slots=True)
class Store:
    """`x` on the left of `=`."""

    name: str


@dataclass(frozen=True, slots=True)
class Mutate:
    """`*e` on the left of `=`."""

    reference: Expression


@dataclass(frozen=True, slots=True)
class Discard:
    """`_` on the left of `=`."""


Target = Store | Mutate | Discard


@dataclass(frozen=True, slots=True)
class Abort:
    """`abort e`."""

    code: Expression | None


@dataclass(frozen=True, slots=True)
class Assert:
    """`assert(condition, code)`."""

    condition: Expression
    code: Expression


@dataclass(frozen=True, slots=True)
class Assign:
    """`target, ... = e`."""

    targets: tuple[Target, ...]
    value: Expression


@dataclass(frozen=True, slots=True)
class Evaluate:
    """An expression as a statement."""

    expression: Expression


@dataclass(frozen=True, slots=True)
class Jump:
    """`jump label`, `jump_if (e) label` or `jump_if_false (e) label`."""

    opcode: Opcode
    condition: Expression | None
    label: str


@dataclass(frozen=True, slots=True)
class Return:
    """`return e, ...`."""

    values: Expression


@dataclass(frozen=True, slots=True)
class Unpack:
    """`T<...> { f: x, ... } = e`; variant is None for a struct, mode says how a variant is taken apart."""

    datatype: str
    variant: str | None
    arguments: tuple[Type, ...]
    locals_: tuple[str, ...]
    value: Expression
    mode: Literal["value", "imm", "mut"]


@dataclass(frozen=True, slots=True)
class VariantSwitch:
    """`variant_switch E (e) { A: label, ... }`."""

    enum: str
    arms: tuple[tuple[str, str], ...]
    value: Expression


Statement = Abort | Assert | Assign | Evaluate | Jump | Return | Unpack | VariantSwitch


@dataclass(frozen=True, slots=True)
class Block:
    """`label name:` and what follows."""

    label: str
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class TypeParameterDeclaration:
    """A type parameter where it is declared."""

    name: str
    constraints: AbilitySet
    is_phantom: bool = False


@dataclass(frozen=True, slots=True)
class Variant:
    """A variant of an enum."""

    name: str
    fields: tuple[tuple[str, Type], ...]


@dataclass(frozen=True, slots=True)
class Struct:
    """A struct; fields is None for a native one."""

    name: str
    abilities: AbilitySet
    type_parameters: tuple[TypeParameterDeclaration, ...]
    fields: tuple[tuple[str, Type], ...] | None


@dataclass(frozen=True, slots=True)
class Enum:
    """An enum."""

    name: str
    abilities: AbilitySet
    type_parameters: tuple[TypeParameterDeclaration, ...]
    variants: tuple[Variant, ...]


@dataclass(frozen=True, slots=True)
class Function:
    """A function; blocks is None for a native one."""

    name: str
    visibility: Visibility
    is_entry: bool
    type_parameters: tuple[TypeParameterDeclaration, ...]
    parameters: tuple[tuple[str, Type], ...]
    returns: tuple[Type, ...]
    locals_: tuple[tuple[str, Type], ...]
    blocks: tuple[Block, ...] | None


@dataclass(frozen=True, slots=True)
class Import:
    """`import address.name as alias`."""

    ident: ModuleIdent
    alias: str


@dataclass(frozen=True, slots=True)
class Module:
    """A whole file."""

    ident: ModuleIdent
    friends: tuple[ModuleIdent, ...]
    imports: tuple[Import, ...]
    structs: tuple[Struct, ...]
    enums: tuple[Enum, ...]
    functions: tuple[Function, ...]
