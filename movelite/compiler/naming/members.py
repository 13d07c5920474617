"""What every module declares, known before any name is resolved."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from .. import named_tree as nt
from .. import syntax_tree as st
from ..source import Loc
from ..types import ModuleIdent


class Kind(Enum):
    """What a member of a module is; the value is its name in messages."""

    STRUCT = "struct"
    ENUM = "enum"
    FUNCTION = "function"
    CONSTANT = "constant"

    @property
    def is_datatype(self) -> bool:
        """Whether it is a struct or an enum."""
        return self in (Kind.STRUCT, Kind.ENUM)


@dataclass(slots=True, eq=False)
class Shape:
    """How a struct or variant is built: `is_positional` is None if it has no fields to write at all."""

    loc: Loc
    is_positional: bool | None
    fields: list[str]


@dataclass(slots=True, eq=False)
class Member:
    """A member by name. `loc` is where messages point at its declaration."""

    kind: Kind
    name: st.Name
    loc: Loc
    type_arity: int
    shape: Shape | None = None
    variants: dict[str, Shape] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class ModuleMembers:
    """The members of a module; if a name is declared twice, datatypes win, then the first."""

    id: ModuleIdent
    loc: Loc
    members: dict[str, Member] = field(default_factory=dict)

    def add(self, member: Member) -> None:
        """Add a member unless its name is taken."""
        self.members.setdefault(member.name.text, member)


def _shape(fields: st.Fields | None, loc: Loc) -> Shape:
    if fields is None:
        return Shape(loc, None, [])
    return Shape(loc, fields.is_positional, [f.name.text for f in fields.items])


def index_module(into: ModuleMembers, module: st.Module) -> None:
    """Enter what a module declares."""
    functions: list[Member] = []
    for member in module.members:
        match member:
            case st.Struct():
                shape = _shape(member.fields, member.name.loc)
                arity = len(member.type_parameters)
                into.add(Member(Kind.STRUCT, member.name, member.name.loc, arity, shape))
            case st.Enumeration():
                variants = {v.name.text: _shape(v.fields, v.loc) for v in reversed(member.variants)}
                variants = {v.name.text: variants[v.name.text] for v in member.variants}
                arity = len(member.type_parameters)
                into.add(Member(Kind.ENUM, member.name, member.loc, arity, variants=variants))
            case st.Function():
                arity = len(member.type_parameters)
                functions.append(Member(Kind.FUNCTION, member.name, member.name.loc, arity))
            case st.Constant():
                functions.append(Member(Kind.CONSTANT, member.name, member.name.loc, 0))
            case _:
                pass
    for found in functions:
        into.add(found)


def index_named_module(module: nt.ModuleDef) -> ModuleMembers:
    """What a module declares that was resolved before (a precompiled dependency)."""
    found = ModuleMembers(module.id, module.name.loc)
    for struct in module.structs.values():
        is_positional = None if struct.fields is None else struct.is_positional
        shape = Shape(struct.name.loc, is_positional, [f.name.text for f in struct.fields or []])
        found.add(Member(Kind.STRUCT, struct.name, struct.name.loc, len(struct.type_parameters), shape))
    for enum in module.enums.values():
        variants = {
            name: Shape(v.loc, v.is_positional, [f.name.text for f in v.fields])
            for name, v in enum.variants.items()
        }
        found.add(Member(Kind.ENUM, enum.name, enum.loc, len(enum.type_parameters), variants=variants))
    for function in module.functions.values():
        arity = len(function.type_parameters)
        found.add(Member(Kind.FUNCTION, function.name, function.name.loc, arity))
    for constant in module.constants.values():
        found.add(Member(Kind.CONSTANT, constant.name, constant.name.loc, 0))
    return found
