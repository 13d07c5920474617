"""Written types to what they name."""

from __future__ import annotations

from enum import Enum

from .. import codes
from .. import named_tree as nt
from .. import syntax_tree as st
from .. import types as ty
from ..diagnostics import Diagnostic, diag
from ..editions import Feature
from ..source import Loc
from ..types import AbilitySet, ModuleIdent
from .attributes import AttributeResolver
from .members import Member
from .name_rules import BUILTIN_TYPES
from .paths import Access, LocalName, MemberPath, TypeParameterName, VariantPath

ABILITY_BITS = {
    "copy": AbilitySet.COPY,
    "drop": AbilitySet.DROP,
    "store": AbilitySet.STORE,
    "key": AbilitySet.KEY,
}
_BUILTINS: dict[str, ty.Type] = {name: ty.BuiltinType(name) for name in BUILTIN_TYPES}


class Place(Enum):
    """Where a type is written; the value says what refuses `_` there, if anything does."""

    STRUCT_FIELD = "Struct fields"
    VARIANT_FIELD = "Enum variant fields"
    CONSTANT = "Constants"
    FUNCTION = "Functions"
    MACRO = ""
    EXPRESSION = " "


class TypeNamer(AttributeResolver):
    """Types and type parameters of one module."""

    module: ModuleIdent
    dependencies: dict[ModuleIdent, Loc]
    next_type_parameter_id: int = 0
    used_type_parameters: set[int]

    # --- members ---------------------------------------------------------------------------------------

    def note_use(self, module: ModuleIdent, loc: Loc) -> None:
        """Remember that this module names another."""
        if module != self.module and module not in self.dependencies:
            self.dependencies[module] = loc

    def find_member(self, path: MemberPath, expected: str, code: codes.Code) -> Member | None:
        """The member that a path names; None if an error was reported."""
        known = self.index.get(path.module)
        if known is None:
            message = f"Unbound module '{path.module}'"
            self.report(diag(codes.NameResolution.UnboundModule, (path.module_loc, message)))
            return None
        member = known.members.get(path.name.text)
        if member is None:
            here = path.module == self.module
            message = f"Unbound {expected} '{path.name}' in current scope"
            if not here:
                message = f"Invalid module access. Unbound {expected} '{path.name}' in module '{path.module}'"
            self.report(diag(code, (path.loc, message)))
            return None
        self.note_use(path.module, path.loc)
        return member

    def wrong_kind(self, path: MemberPath, member: Member, expected: str) -> Diagnostic:
        """What to say of a member that exists but is something else."""
        if path.module == self.module:
            message = f"Expected a {expected}, but found {member.kind.value} '{path.name}' in current scope"
        else:
            message = (
                f"Invalid module access. Expected a {expected}, but found {member.kind.value} "
                f"'{path.name}' in module '{path.module}'"
            )
        return diag(codes.NameResolution.InvalidPosition, (path.loc, message))

    # --- types -----------------------------------------------------------------------------------------

    def type(self, node: st.Type, place: Place) -> nt.NamedType:
        """A written type."""
        loc = node.loc
        match node:
            case st.ApplyType(path=path):
                return self._apply(loc, path, place)
            case st.RefType(mutable=mutable, inner=inner):
                named = self.type(inner, place)
                made: ty.Type = ty.ReferenceType(mutable, named.type)
                return nt.NamedType(loc, made, (named,), named.has_holes)
            case st.TupleType(items=items):
                parts = tuple(self.type(item, place) for item in items)
                holes = any(p.has_holes for p in parts)
                return nt.NamedType(loc, ty.tuple_of([p.type for p in parts]), parts, holes)
            case st.FunType(parameters=parameters, result=result):
                parts = tuple(self.type(p, place) for p in parameters)
                out = self.type(result, place)
                made = ty.FunctionType(tuple(p.type for p in parts), out.type)
                holes = out.has_holes or any(p.has_holes for p in parts)
                return nt.NamedType(loc, made, (*parts, out), holes)
            case st.ErrorType():
                return nt.NamedType(loc, ty.ERROR)

    def _apply(self, loc: Loc, path: st.Path, place: Place) -> nt.NamedType:
        resolved = self.resolve(Access.TYPE, path)
        if resolved is None:
            return nt.NamedType(loc, ty.ERROR)
        arguments = resolved.type_arguments.items if resolved.type_arguments is not None else []
        match resolved.target:
            case LocalName(name=name) if name.text == "_":
                self.require(Feature.TYPE_HOLES, name.loc)
                return self._hole(loc, place)
            case LocalName(name=name) if name.text in BUILTIN_TYPES:
                parts = self._instantiate(loc, name.text, arguments, int(name.text == "vector"), place)
                if not parts:
                    return nt.NamedType(loc, _BUILTINS[name.text])
                made: ty.Type = ty.BuiltinType(name.text, tuple(p.type for p in parts))
                return nt.NamedType(loc, made, parts, any(p.has_holes for p in parts))
            case LocalName(target_loc, name):
                message = f"Unbound type '{name}' in current scope"
                self.report(diag(codes.NameResolution.UnboundType, (target_loc, message)))
                return nt.NamedType(loc, ty.ERROR)
            case TypeParameterName(target=target):
                if arguments:
                    message = "Generic type parameters cannot take type arguments"
                    self.report(diag(codes.NameResolution.NamePositionMismatch, (loc, message)))
                    return nt.NamedType(loc, ty.ERROR)
                self.used_type_parameters.add(target.parameter.id)
                return nt.NamedType(loc, ty.ParameterType(target.parameter))
            case VariantPath(member=member):
                return self._datatype(loc, member, arguments, place)
            case MemberPath() as member:
                return self._datatype(loc, member, arguments, place)

    def _datatype(self, loc: Loc, path: MemberPath, arguments: list[st.Type], place: Place) -> nt.NamedType:
        member = self.find_member(path, "type", codes.NameResolution.UnboundType)
        if member is None:
            return nt.NamedType(loc, ty.ERROR)
        if not member.kind.is_datatype:
            self.report(self.wrong_kind(path, member, "type"))
            return nt.NamedType(loc, ty.ERROR)
        parts = self._instantiate(loc, str(path.id), arguments, member.type_arity, place)
        made = ty.DatatypeType(path.module, path.name.text, tuple(p.type for p in parts))
        return nt.NamedType(loc, made, parts, any(p.has_holes for p in parts), path.name.loc)

    def _hole(self, loc: Loc, place: Place) -> nt.NamedType:
        if place in (Place.MACRO, Place.EXPRESSION):
            return nt.NamedType(loc, nt.HOLE, has_holes=True)
        also = "" if place is Place.CONSTANT else " or consider adding a new type parameter"
        message = (
            f"Invalid usage of a placeholder for type inference '_'. {place.value} require fully specified "
            f"types. Replace '_' with a specific type{also}"
        )
        item = diag(codes.NameResolution.InvalidTypeAnnotation, (loc, message))
        if place is Place.FUNCTION:
            item.note("Only 'macro' functions can use '_' in their signatures")
        self.report(item)
        return nt.NamedType(loc, ty.ERROR)

    def _instantiate(
        self, loc: Loc, name: str, arguments: list[st.Type], arity: int, place: Place
    ) -> tuple[nt.NamedType, ...]:
        parts = [self.type(argument, place) for argument in arguments]
        if len(parts) != arity:
            code = codes.NameResolution.TooFewTypeArguments
            if len(parts) > arity:
                code = codes.NameResolution.TooManyTypeArguments
            message = (
                f"Invalid instantiation of '{name}'. Expected {arity} type argument(s) but got {len(parts)}"
            )
            self.report(diag(code, (loc, message)))
            del parts[arity:]
            parts += [nt.NamedType(loc, ty.ERROR)] * (arity - len(parts))
        return tuple(parts)

    def checked_arguments(
        self, arguments: st.TypeArguments | None, arity: int, loc: Loc, name: str
    ) -> list[nt.NamedType] | None:
        """Type arguments of a datatype in an expression or pattern; None if none are written."""
        if arguments is None:
            return None
        return list(self._instantiate(loc, name, arguments.items, arity, Place.EXPRESSION))

    def call_arguments_checked(
        self, arguments: st.TypeArguments | None, arity: int, message_loc: Loc, message: str, loc: Loc
    ) -> list[nt.NamedType] | None:
        """Type arguments of a builtin or constructor call; None if none are written."""
        if arguments is None:
            return None
        parts = [self.type(argument, Place.EXPRESSION) for argument in arguments.items]
        if len(parts) != arity:
            code = codes.NameResolution.TooFewTypeArguments
            if len(parts) > arity:
                code = codes.NameResolution.TooManyTypeArguments
            counted = f"Expected {arity} type argument(s) but got {len(parts)}"
            self.report(diag(code, (message_loc, message), (loc, counted)))
            del parts[arity:]
            parts += [nt.NamedType(loc, ty.ERROR)] * (arity - len(parts))
        return parts

    # --- abilities and type parameters -----------------------------------------------------------------

    def abilities(self, items: list[st.Ability], case: str) -> tuple[AbilitySet, dict[AbilitySet, Loc]]:
        """A set of abilities and where each is written."""
        bits, places = AbilitySet.NONE, dict[AbilitySet, Loc]()
        for item in items:
            bit = ABILITY_BITS[item.name]
            if bit in places:
                message = f"Duplicate '{item.name}' ability {case}"
                duplicate = diag(codes.Declarations.DuplicateItem, (item.loc, message))
                self.report(duplicate.label(places[bit], "Ability previously given here"))
                continue
            bits |= bit
            places[bit] = item.loc
        return bits, places

    def type_parameters(
        self, items: list[st.TypeParameter], macro_loc: Loc | None = None
    ) -> list[nt.TypeParameterDef]:
        """Declare type parameters in the current scope."""
        found: list[nt.TypeParameterDef] = []
        seen: dict[str, Loc] = {}
        for index, item in enumerate(items):
            self.rules.check_type_parameter(item.name, macro_loc)
            bits, places = self.abilities(item.abilities, "constraint")
            name = item.name
            parameter = ty.TypeParameter(self.next_type_parameter_id, index, name.text, bits, item.is_phantom)
            self.next_type_parameter_id += 1
            if name.text in seen:
                message = f"Duplicate type parameter declared with name '{name}'"
                duplicate = diag(codes.Declarations.DuplicateItem, (name.loc, message))
                self.report(duplicate.label(seen[name.text], "Type parameter previously defined here"))
            seen[name.text] = name.loc
            self.scope.add_type_parameter(name, parameter)
            found.append(nt.TypeParameterDef(parameter, name, places))
        return found


def type_key(type_: ty.Type) -> nt.TypeKey | None:
    """What methods of a value of this type (or of a reference to it) hang on."""
    match type_:
        case ty.ReferenceType(_, inner):
            return type_key(inner)
        case ty.DatatypeType(module, name, _):
            return nt.MemberId(module, name)
        case ty.BuiltinType(name, _):
            return name
        case _:
            return None
