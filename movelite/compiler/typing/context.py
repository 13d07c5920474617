"""What type checking knows while it works: of the whole program, of one body, of one expansion."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .. import named_tree as N
from .. import typed_tree as T
from ..codes import Code
from ..diagnostics import Diagnostic, Diagnostics, Label, diag
from ..editions import Feature, PackageConfig, feature_error
from ..source import Loc
from ..types import ERROR, ModuleIdent, Type, at, map_parts
from .abilities import Abilities
from .colors import Coloring, Colors
from .inference import Inference

if TYPE_CHECKING:
    from .constraints import Constraint
    from .settled import SettledModule

EXPANSION_LIMIT = 100_000
"""Most expressions that the macros called in one function may expand to."""

Message = str | Callable[[], str]
"""A message, or what makes it if it is needed."""


def text_of(message: Message) -> str:
    """The message itself."""
    return message if isinstance(message, str) else message()


@dataclass(slots=True, eq=False)
class ProgramContext:
    """What holds for the whole compilation.

    `used_members` are the functions and constants that any code names. `friends` are the modules that
    must become friends because they call `public(package)` functions, with the place of such a function.
    `settled` are the modules of the program that were checked before.
    `fields_named_elsewhere` are fields that another module tried to access.
    `scopes` are those of blocks with method aliases that the current module's code has entered.
    """

    named: N.NamedProgram
    typed: T.Program
    diagnostics: Diagnostics
    is_test_mode: bool = False
    settled: Mapping[ModuleIdent, SettledModule] = field(default_factory=dict)
    abilities: Abilities = field(init=False)
    used_members: set[N.MemberId] = field(default_factory=set)
    friends: dict[ModuleIdent, dict[ModuleIdent, Loc]] = field(default_factory=dict)
    scopes: list[N.UseFunScope] = field(default_factory=list)
    fields_named_elsewhere: set[tuple[N.MemberId, str]] = field(default_factory=set)

    _located: dict[N.NamedType, Type] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.abilities = Abilities(self.named)

    def located(self, named: N.NamedType) -> Type:
        """A declared type whose parts say where they are written."""
        known = self._located.get(named)
        if known is None:
            known = self._located[named] = self._locate(named)
        return known

    def _locate(self, named: N.NamedType) -> Type:
        parts = iter(named.parts)

        def next_part(part: Type) -> Type:
            written = next(parts, None)
            return part if written is None else self._locate(written)

        return at(map_parts(named.type, next_part), named.loc)


@dataclass(slots=True, eq=False)
class ByName:
    """A macro's argument that is an expression: evaluated wherever the parameter stands."""

    expression: N.Expression
    frame: Frame
    coloring: Coloring
    type: Type


@dataclass(slots=True, eq=False)
class Closure:
    """A macro's argument that is a lambda, and where it was written."""

    function: N.Lambda
    frame: Frame
    coloring: Coloring
    parameters: tuple[Type, ...]
    result: Type


Binding = T.Local | ByName | Closure | None
"""What a variable stands for in a frame. None: its declaration was wrong (and reported)."""


@dataclass(slots=True, eq=False)
class Expansion:
    """A macro call that is being expanded; `outer` is the one that its call was written in."""

    macro: N.MemberId
    loc: Loc
    outer: Expansion | None


class Frame:
    """One evaluation of a piece of source: a function body, an expansion of a macro, an argument of one.

    Macros are expanded by checking their body in a fresh frame instead of copying it: the frame says what
    the body's variables, labels and type parameters are this time. A by-name argument or lambda is
    checked in a child of the frame where it was written, so that no name is captured.
    """

    __slots__ = ("coloring", "expansion", "labels", "parent", "return_label", "types", "variables")

    def __init__(
        self,
        parent: Frame | None = None,
        expansion: Expansion | None = None,
        coloring: Coloring | None = None,
    ) -> None:
        self.parent = parent
        self.coloring = coloring or Coloring()
        self.variables: dict[N.Variable, Binding] = {}
        self.labels: dict[N.Label, N.Label] = {}
        self.types: dict[int, Type] = parent.types if parent is not None else {}
        self.return_label: N.Label | None = parent.return_label if parent is not None else None
        self.expansion: Expansion | None = expansion
        if parent is not None and expansion is None:
            self.expansion = parent.expansion

    def find(self, variable: N.Variable) -> Binding:
        """What a variable stands for."""
        frame: Frame | None = self
        while frame is not None:
            if variable in frame.variables:
                return frame.variables[variable]
            frame = frame.parent
        return None

    def find_label(self, label: N.Label) -> N.Label:
        """The label of this evaluation; made now if the block is not entered yet."""
        frame: Frame | None = self
        while frame is not None:
            if label in frame.labels:
                return frame.labels[label]
            frame = frame.parent
        return self.declare_label(label)

    def declare_label(self, label: N.Label) -> N.Label:
        """A fresh label for a block or loop that is entered."""
        fresh = N.Label(label.name, label.loc, label.is_implicit)
        self.labels[label] = fresh
        return fresh


class Body:
    """What is known while one function, constant or signature is checked."""

    def __init__(self, program: ProgramContext, module: N.ModuleDef, function: N.FunctionDef | None) -> None:
        self.program = program
        self.module = module
        self.function = function
        self.type_parameters: list[N.TypeParameterDef] = []
        if function is not None:
            self.type_parameters = function.type_parameters
        self.inference = Inference()
        self.constraints: list[Constraint] = []
        self.return_type: Type = ERROR
        self.label_types: dict[N.Label, Type] = {}
        self.expansions: list[Expansion] = []
        self.matches: dict[T.Expression, T.Match] = {}
        self.annotated: set[T.Expression] = set()
        self._next_local = 0
        self.colors = Colors()
        self._expanded = 0

    # --- what surrounds ---

    @property
    def config(self) -> PackageConfig:
        """The package of the module."""
        return self.module.package

    @property
    def in_test(self) -> bool:
        """Whether this code exists in tests only."""
        return self.module.attributes.is_test_or_test_only or (
            self.function is not None and self.function.attributes.is_test_or_test_only
        )

    def is_own(self, module: ModuleIdent) -> bool:
        """Whether this is the module that is checked."""
        return module == self.module.id

    # --- diagnostics ---

    def report(
        self, code: Code, loc: Loc, message: str, *secondary: Label, notes: list[str] | None = None
    ) -> None:
        """Report an error or warning."""
        self.program.diagnostics.add(diag(code, (loc, message), *secondary, notes=notes or ()))

    def add(self, diagnostic: Diagnostic) -> None:
        """Report a ready diagnostic."""
        self.program.diagnostics.add(diagnostic)

    def require_feature(self, feature: Feature, loc: Loc) -> bool:
        """Whether the edition has a feature; reports it if not."""
        if self.config.supports(feature):
            return True
        self.add(feature_error(self.config.edition, feature, loc))
        return False

    # --- locals and labels ---

    def new_local(self, name: str, type_: Type, loc: Loc) -> T.Local:
        """A temporary that no source mentions."""
        self._next_local += 1
        return T.Local(name, self._next_local, type_, loc, is_temporary=True)

    def new_match_local(self, name: str, type_: Type, loc: Loc) -> T.Local:
        """A local that lowering a match makes."""
        self._next_local += 1
        return T.Local(name, self._next_local, type_, loc, is_temporary=True, is_match=True)

    def declare(self, frame: Frame, variable: N.Variable, type_: Type) -> T.Local:
        """The local for a variable that is declared now."""
        self._next_local += 1
        local = T.Local(
            variable.name,
            self._next_local,
            type_,
            variable.loc,
            variable.mutability,
            variable.mut_loc,
            variable.is_parameter,
            number=variable.number,
            expansion=frame.coloring.own,
        )
        frame.variables[variable] = local
        return local

    def label_type(self, label: N.Label, loc: Loc) -> Type:
        """The type that a block or loop with this label yields; unknown at first."""
        found = self.label_types.get(label)
        if found is None:
            found = self.label_types[label] = self.inference.fresh(loc)
        return found

    # --- macros ---

    @contextmanager
    def expanding(self, expansion: Expansion) -> Iterator[None]:
        """While a macro is expanded."""
        self.expansions.append(expansion)
        try:
            yield
        finally:
            self.expansions.pop()

    def count_expanded(self) -> bool:
        """Count an expression inside an expansion; False once there are too many."""
        self._expanded += 1
        return self._expanded <= EXPANSION_LIMIT

    def use_member(self, member: N.MemberId) -> None:
        """Remember that a function or constant is used."""
        self.program.used_members.add(member)
