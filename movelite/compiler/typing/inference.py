"""Type variables and the three relations between types: subtype, join and equality.

The only subtyping is `&mut T` below `&T`. A type variable stands for one type; once bound it stays bound.
Every relation either holds, and binds what it must, or fails and leaves all variables as they were.
"""

from __future__ import annotations

from enum import Enum

from ..source import Loc
from ..types import (
    AnythingType,
    BuiltinType,
    DatatypeType,
    ErrorType,
    FunctionType,
    ParameterType,
    ReferenceType,
    TupleType,
    Type,
    TypeVariable,
    UnitType,
    children,
    format_type,
    is_integer,
    map_parts,
)

TYPE_DEPTH_LIMIT = 128
"""Deepest nesting of a type; deeper ones are refused."""

TYPE_SIZE_LIMIT = 5_000
"""Most nodes of one type once every variable in it is known."""


class Relation(Enum):
    """What is asked of two types."""

    SUBTYPE = "subtype"
    JOIN = "join"
    EQUAL = "equal"


class Failure(Enum):
    """Why two types do not relate."""

    INCOMPATIBLE = "incompatible"
    NOT_SUBTYPE = "not a subtype"
    NOT_EQUAL = "not equal"
    ARITY = "different numbers of values"
    LAMBDA_ARITY = "different numbers of lambda parameters"
    RECURSIVE = "recursive"


class Mismatch(Exception):
    """Two types do not relate; `left` and `right` are the parts that clash."""

    def __init__(self, failure: Failure, left: Type, right: Type) -> None:
        super().__init__(failure)
        self.failure = failure
        self.left = left
        self.right = right


class TooComplex(Exception):
    """The types or the expanded macros of one function grew beyond what is checked: it is refused."""

    def __init__(self, loc: Loc | None = None) -> None:
        super().__init__(loc)
        self.loc = loc


class Inference:
    """The type variables of one function, constant or signature."""

    def __init__(self) -> None:
        self._bindings: dict[int, Type] = {}
        self._numeric: dict[int, Loc | None] = {}
        self._trail: list[int] = []
        self._related: set[tuple[Relation, TypeVariable, TypeVariable]] = set()
        self._next = 0

    def fresh(self, loc: Loc | None = None) -> TypeVariable:
        """A new type variable."""
        self._next += 1
        return TypeVariable(self._next, loc)

    def fresh_number(self, loc: Loc | None = None) -> TypeVariable:
        """A new variable that only integer types fit: the type of a literal without suffix."""
        variable = self.fresh(loc)
        self._numeric[variable.id] = loc
        return variable

    def numeric_variables(self) -> list[TypeVariable]:
        """All variables made for integer literals or joined with one."""
        return [TypeVariable(id, loc) for id, loc in self._numeric.items()]

    def is_numeric(self, variable: TypeVariable) -> bool:
        """Whether an unbound variable stands for an integer type."""
        return variable.id in self._numeric

    def resolve(self, type_: Type) -> Type:
        """The type with its outermost variable replaced; an unbound variable stays."""
        if not isinstance(type_, TypeVariable):
            return type_
        current: Type = type_
        while isinstance(current, TypeVariable):
            bound = self._bindings.get(current.id)
            if bound is None:
                return current if current.loc == type_.loc else TypeVariable(current.id, type_.loc)
            current = bound
        return current

    def unfold(self, type_: Type) -> Type:
        """As `resolve`, but an unbound variable is anything."""
        resolved = self.resolve(type_)
        return AnythingType(resolved.loc) if isinstance(resolved, TypeVariable) else resolved

    def expand(self, type_: Type) -> Type:
        """The type with every bound variable in it replaced.

        Raises: TooComplex if that is larger than TYPE_SIZE_LIMIT.
        """
        type_ = self.resolve(type_)
        return _Expansion(self).expand(type_, 0) if _has_parts(type_) else type_

    def relate(self, relation: Relation, left: Type, right: Type) -> Type:
        """Make the relation hold and return the common type.

        For SUBTYPE, left is what is given and right what is expected.
        Raises: Mismatch, with every variable as before the call.
        """
        mark = len(self._trail)
        self._related.clear()
        try:
            return self._relate(relation, left, right, 0)
        except Mismatch:
            while len(self._trail) > mark:
                del self._bindings[self._trail.pop()]
            raise

    def holds(self, relation: Relation, left: Type, right: Type) -> bool:
        """Whether the relation could hold; binds nothing."""
        mark = len(self._trail)
        self._related.clear()
        try:
            self._relate(relation, left, right, 0)
            return True
        except Mismatch:
            return False
        finally:
            while len(self._trail) > mark:
                del self._bindings[self._trail.pop()]

    def _relate(self, relation: Relation, left: Type, right: Type, depth: int) -> Type:
        if left == right:
            return right
        if isinstance(left, TypeVariable) and isinstance(right, TypeVariable):
            pair = (relation, left, right)
            if pair in self._related:
                return right
            self._related.add(pair)
        left, right = self.resolve(left), self.resolve(right)
        if left == right:
            return right
        if depth > TYPE_DEPTH_LIMIT:
            raise Mismatch(Failure.RECURSIVE, left, right)
        match left, right:
            case AnythingType(), _:
                return right
            case _, AnythingType():
                return left
            case TypeVariable(), _:
                self._bind(left, right, left, right)
                return right if isinstance(right, TypeVariable) else left
            case _, TypeVariable():
                self._bind(right, left, left, right)
                return right
            case ErrorType(), _:
                return right
            case _, ErrorType():
                return left
            case ReferenceType(), ReferenceType():
                return self._relate_references(relation, left, right, depth)
            case TupleType(ours), TupleType(theirs):
                if len(ours) != len(theirs):
                    raise Mismatch(Failure.ARITY, left, right)
                return TupleType(self._relate_all(relation, ours, theirs, depth), right.loc)
            case BuiltinType(name, ours), BuiltinType(other, theirs) if name == other:
                return BuiltinType(name, self._relate_all(relation, ours, theirs, depth), right.loc)
            case DatatypeType(module, name, ours), DatatypeType(other_module, other, theirs) if (
                name == other and module == other_module
            ):
                return DatatypeType(module, name, self._relate_all(relation, ours, theirs, depth), right.loc)
            case FunctionType(), FunctionType():
                return self._relate_functions(relation, left, right, depth)
            case _:
                raise Mismatch(Failure.INCOMPATIBLE, left, right)

    def _relate_references(
        self, relation: Relation, left: ReferenceType, right: ReferenceType, depth: int
    ) -> Type:
        if relation is Relation.EQUAL and left.mutable != right.mutable:
            raise Mismatch(Failure.NOT_EQUAL, left, right)
        if relation is Relation.SUBTYPE and right.mutable and not left.mutable:
            raise Mismatch(Failure.NOT_SUBTYPE, left, right)
        inner = self._relate(relation, left.inner, right.inner, depth + 1)
        decides = left if relation is Relation.JOIN and right.mutable and not left.mutable else right
        return ReferenceType(left.mutable and right.mutable, inner, decides.loc)

    def _relate_functions(
        self, relation: Relation, left: FunctionType, right: FunctionType, depth: int
    ) -> Type:
        if len(left.parameters) != len(right.parameters):
            raise Mismatch(Failure.LAMBDA_ARITY, left, right)
        if relation is Relation.SUBTYPE:
            parameters = self._relate_all(relation, right.parameters, left.parameters, depth)
        else:
            parameters = self._relate_all(relation, left.parameters, right.parameters, depth)
        result = self._relate(relation, left.result, right.result, depth + 1)
        return FunctionType(parameters, result, right.loc)

    def _relate_all(
        self, relation: Relation, ours: tuple[Type, ...], theirs: tuple[Type, ...], depth: int
    ) -> tuple[Type, ...]:
        return tuple(
            self._relate(relation, left, right, depth + 1) for left, right in zip(ours, theirs, strict=False)
        )

    def _bind(self, variable: TypeVariable, type_: Type, left: Type, right: Type) -> None:
        if isinstance(type_, TypeVariable):
            if variable.id in self._numeric:
                self._numeric.setdefault(type_.id, self._numeric[variable.id])
        else:
            if variable.id in self._numeric and not (is_integer(type_) or isinstance(type_, ErrorType)):
                raise Mismatch(Failure.INCOMPATIBLE, left, right)
            if self._occurs(variable, type_):
                raise Mismatch(Failure.RECURSIVE, variable, type_)
        self._bindings[variable.id] = type_
        self._trail.append(variable.id)

    def _occurs(self, variable: TypeVariable, type_: Type) -> bool:
        pending = [type_]
        seen: set[TypeVariable] = set()
        while pending:
            current = pending.pop()
            if isinstance(current, TypeVariable):
                if current in seen:
                    continue
                seen.add(current)
                current = self.resolve(current)
                if current == variable:
                    return True
            pending.extend(children(current))
        return False

    def format(self, type_: Type) -> str:
        """The type for a message, quoted; unknown integers read `integer`."""
        resolved = self.expand(type_)
        if isinstance(resolved, TypeVariable) and self.is_numeric(resolved):
            return "integer"
        return f"'{self._name_variables(resolved)}'"

    def _name_variables(self, type_: Type) -> str:
        if isinstance(type_, TypeVariable | AnythingType | ErrorType | UnitType | ParameterType):
            numeric = isinstance(type_, TypeVariable) and self.is_numeric(type_)
            return "{integer}" if numeric else format_type(type_)
        named = _replace_variables(type_, self)
        return format_type(named)


def _has_parts(type_: Type) -> bool:
    return next(children(type_), None) is not None


class _Expansion:
    """One replacement of variables, which counts what it builds."""

    def __init__(self, inference: Inference) -> None:
        self._inference = inference
        self._size = 0

    def expand(self, type_: Type, depth: int) -> Type:
        """The type with every bound variable in it replaced."""
        self._size += 1
        if self._size > TYPE_SIZE_LIMIT or depth > TYPE_DEPTH_LIMIT:
            raise TooComplex
        return map_parts(self._inference.resolve(type_), lambda part: self.expand(part, depth + 1))


def _replace_variables(type_: Type, inference: Inference) -> Type:
    """Stand-ins that print as `{integer}` for unknown integers inside a type."""
    match type_:
        case TypeVariable() if inference.is_numeric(type_):
            return BuiltinType("{integer}")
        case _:
            return map_parts(type_, lambda part: _replace_variables(part, inference))
