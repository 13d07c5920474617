"""Local variables, labels and constructors: what expressions and patterns share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from .. import codes
from .. import named_tree as nt
from .. import syntax_tree as st
from ..diagnostics import diag
from ..editions import Edition, Feature
from ..source import Loc
from .members import Kind, Shape
from .name_rules import BUILTIN_TYPES
from .paths import LocalName, MemberPath, Named, TypeParameterName, VariantPath
from .types import TypeNamer

_ASSIGN_NOTE = (
    "'macro' parameters are substituted without being evaluated. There is no local variable to assign to"
)


class BlockKind(Enum):
    """What a label belongs to; the value is its name in messages."""

    WHILE = "while"
    LOOP = "loop"
    BLOCK = "named"
    LAMBDA_RETURN = "lambda"
    LAMBDA_LOOPS = "lambda "
    """Stops `break` and `continue` in a lambda from reaching the loops around it."""


_LOOPS = (BlockKind.WHILE, BlockKind.LOOP)
_MAY_USE = {
    "break": (*_LOOPS, BlockKind.LAMBDA_LOOPS),
    "continue": (*_LOOPS, BlockKind.LAMBDA_LOOPS),
    "return": (BlockKind.BLOCK, BlockKind.LAMBDA_RETURN),
}


class Form(Enum):
    """How a constructor is written: alone, with parentheses or with braces."""

    NONE = 0
    PARENS = 1
    BRACES = 2


@dataclass(slots=True, eq=False)
class Constructor:
    """A struct or a variant that an expression builds or a pattern takes apart."""

    datatype: nt.MemberId
    variant: st.Name | None
    type_arity: int
    shape: Shape
    name: str

    @property
    def kind(self) -> str:
        """Its name in messages."""
        return "struct" if self.variant is None else "variant"


class LocalNamer(TypeNamer):
    """Scopes of variables and labels, and the rules for constructors."""

    locals: list[dict[str, nt.Variable]]
    name_counts: dict[str, int]
    labels: list[tuple[nt.Label, BlockKind]]

    # --- variables -------------------------------------------------------------------------------------

    def mutability(self, mut_loc: Loc | None) -> nt.Mutability:
        """Whether a variable declared with or without `mut` may be changed."""
        if mut_loc is not None:
            return nt.Mutability.MUTABLE
        if self.supports(Feature.LET_MUT) or self.package.edition is Edition.E2024_MIGRATION:
            return nt.Mutability.IMMUTABLE
        return nt.Mutability.EITHER

    def refuse_mut_underscore(self, mut_loc: Loc | None) -> None:
        """Report `mut _`."""
        if mut_loc is not None:
            message = (
                "Invalid 'mut' declaration. 'mut' is applied to variables and cannot be applied to the "
                "'_' pattern"
            )
            self.report(diag(codes.NameResolution.InvalidMut, (mut_loc, message)))

    def declare(self, variable: nt.Variable) -> nt.Variable:
        """Number a variable and enter it into the innermost scope."""
        self.number(variable)
        self.locals[-1][variable.name] = variable
        return variable

    def number(self, variable: nt.Variable) -> None:
        """Number a variable that is declared now."""
        before = self.name_counts.get(variable.name, -1 if variable.is_parameter else 0)
        self.name_counts[variable.name] = variable.number = before + 1

    def find_variable(self, name: str) -> nt.Variable | None:
        """The variable of that name that is in scope; it counts as used."""
        for scope in reversed(self.locals):
            variable = scope.get(name)
            if variable is not None:
                variable.is_used = True
                return variable
        return None

    def assigned_variable(self, name: st.Name, loc: Loc) -> nt.Variable | None:
        """The variable on the left of an assignment; None if an error was reported."""
        if name.text.startswith("$"):
            message = (
                f"Cannot assign to argument for parameter '{name}'. Arguments must be used in value positions"
            )
            item = diag(codes.TypeSafety.CannotExpandMacro, (loc, message))
            self.report(item.note(_ASSIGN_NOTE))
            return None
        variable = self.find_variable(name.text)
        if variable is None:
            message = f"Invalid assignment. Unbound variable '{name}'"
            self.report(diag(codes.NameResolution.UnboundVariable, (loc, message)))
        return variable

    def report_unused(self, variable: nt.Variable, loc: Loc | None = None) -> None:
        """Warn of a variable that nothing reads, where it is declared, or where it is declared once more."""
        name = variable.name
        if variable.is_used or name.startswith(("_", "$_")) or name[0].isupper():  # reported as no name
            return
        kind = "parameter" if variable.is_parameter else "local variable"
        message = f"Unused {kind} '{name}'. Consider removing or prefixing with an underscore: '_{name}'"
        self.report(diag(codes.UnusedItem.Variable, (loc or variable.loc, message)))

    # --- labels ----------------------------------------------------------------------------------------

    def enter_label(self, loc: Loc, name: st.Name | None, kind: BlockKind) -> nt.Label:
        """Open a block that a label names or that has an unnamed one."""
        label = nt.Label(name.text if name is not None else None, loc, name is None)
        self.labels.append((label, kind))
        return label

    def leave_label(self) -> None:
        """Close the innermost block."""
        self.labels.pop()

    def named_label(self, usage: str, name: st.Name) -> nt.Label | None:
        """The label that `break 'l`, `continue 'l` or `return 'l` means; None if an error was reported."""
        for label, kind in reversed(self.labels):
            if label.name != name.text:
                continue
            if kind in _MAY_USE[usage]:
                return label
            shown = "loop" if kind in _LOOPS else kind.value.strip()
            message = f"Invalid usage of '{usage}' with a {shown} block label"
            notes = {
                "loop": "Loop labels may only be used with 'break' and 'continue', not 'return'",
                "named": "Named block labels may only be used with 'return', not 'break' or 'continue'.",
            }
            lambdas = "Lambda block labels may only be used with 'return' or 'break', not 'continue'."
            item = diag(codes.NameResolution.InvalidLabel, (name.loc, message))
            self.report(item.note(notes.get(shown, lambdas)))
            return None
        message = f"Invalid {usage}. Unbound label '{name}"
        self.report(diag(codes.NameResolution.UnboundLabel, (name.loc, message)))
        return None

    def innermost_loop(self, usage: str, loc: Loc) -> nt.Label | None:
        """The loop that a plain break or continue means; None if an error was reported."""
        code = codes.TypeSafety.InvalidLoopControl
        for label, kind in reversed(self.labels):
            if kind in _LOOPS:
                return label
            if kind is BlockKind.LAMBDA_LOOPS:
                message = f"Invalid '{usage}'. This usage is not yet supported for lambdas or macros"
                item = diag(code, (loc, message), (label.loc, "Inside this lambda"))
                self._suggest_label(item.secondary, usage)
                self.report(item)
                return None
        message = f"Invalid usage of '{usage}'. '{usage}' can only be used inside a loop body or lambda"
        self.report(diag(code, (loc, message)))
        return None

    def _suggest_label(self, labels: list[tuple[Loc, str]], usage: str) -> None:
        for label, kind in reversed(self.labels):
            if kind not in _LOOPS:
                continue
            hint = f"To '{usage}' to this loop, add a label, e.g. `'label: {kind.value}` and `{usage} 'label`"
            if label.name is not None:
                hint = f"To '{usage}' to this loop, specify the label, e.g. `{usage} '{label.name}`"
            labels.append((label.loc, hint))
            return

    def lambda_return(self) -> nt.Label | None:
        """Where a plain `return` goes if it stands in a lambda."""
        for label, kind in reversed(self.labels):
            if kind is BlockKind.LAMBDA_RETURN:
                return label
        return None

    # --- constructors ----------------------------------------------------------------------------------

    def constructor(self, target: Named, verb: str) -> Constructor | None:
        """The struct or variant that a path names; None if an error was reported."""
        expected = "struct or enum" if self.supports(Feature.ENUMS) else "struct"
        match target:
            case LocalName(loc, name):
                if name.text == "_":
                    self.require(Feature.TYPE_HOLES, loc)
                    self._no_datatype(loc, verb, (loc, "The '_' is a placeholder for type inference"))
                elif name.text in BUILTIN_TYPES:
                    self._no_datatype(loc, verb, (loc, f"But '{name}' is a builtin type"))
                else:
                    message = f"Unbound type '{name}' in current scope"
                    self.report(diag(codes.NameResolution.UnboundType, (loc, message)))
                return None
            case TypeParameterName(loc, name, parameter):
                here = (parameter.loc, f"But '{name}' was declared as a type parameter here")
                self._no_datatype(loc, verb, here)
                return None
            case VariantPath():
                return self._variant_constructor(target, verb, expected)
            case MemberPath():
                return self._struct_constructor(target, verb, expected)

    def _no_datatype(self, loc: Loc, verb: str, why: tuple[Loc, str]) -> None:
        what = "datatype" if self.supports(Feature.ENUMS) else "struct"
        message = f"Invalid {verb}. Expected a {what} name"
        self.report(diag(codes.NameResolution.NamePositionMismatch, (loc, message), why))

    def _struct_constructor(self, path: MemberPath, verb: str, expected: str) -> Constructor | None:
        member = self.find_member(path, expected, codes.NameResolution.UnboundModuleMember)
        if member is None:
            return None
        if member.shape is not None:
            return Constructor(path.id, None, member.type_arity, member.shape, path.name.text)
        if member.kind is not Kind.ENUM:
            self.report(self.wrong_kind(path, member, expected))
            return None
        message = f"Invalid {verb}. Expected a struct"
        item = diag(codes.NameResolution.NamePositionMismatch, (path.loc, message))
        self.report(item.label(member.loc, f"But '{path.name}' is an enum"))
        return None

    def _variant_constructor(self, path: VariantPath, verb: str, expected: str) -> Constructor | None:
        owner = path.member
        member = self.find_member(owner, expected, codes.NameResolution.UnboundModuleMember)
        if member is None:
            return None
        if member.kind is Kind.STRUCT:
            message = f"Invalid {verb}. Expected an enum"
            item = diag(codes.NameResolution.NamePositionMismatch, (owner.loc, message))
            self.report(item.label(member.loc, f"But '{owner.name}' is an struct"))
            return None
        if member.kind is not Kind.ENUM:
            self.report(self.wrong_kind(owner, member, expected))
            return None
        shape = member.variants.get(path.variant.text)
        if shape is None:
            message = f"Invalid {verb}. Variant '{path.variant}' is not part of this enum"
            item = diag(codes.NameResolution.UnboundVariant, (path.loc, message))
            self.report(item.label(member.loc, f"Enum '{owner.name}' is defined here"))
            return None
        return Constructor(owner.id, path.variant, member.type_arity, shape, path.variant.text)

    def check_form(self, loc: Loc, form: Form, position: str, constructor: Constructor) -> None:
        """Report a constructor that is written in another form than it was declared."""
        shape, kind = constructor.shape, constructor.kind
        if kind == "struct" and shape.is_positional is None:
            declared = Form.BRACES
        else:
            declared = {None: Form.NONE, True: Form.PARENS, False: Form.BRACES}[shape.is_positional]
        if declared is form:
            return
        word = {Form.NONE: "empty", Form.PARENS: "positional", Form.BRACES: "named"}[declared]
        title = word.capitalize()
        message = f"Invalid {kind} {position}. {title} {kind} declarations require {word} {position}s"
        item = diag(codes.NameResolution.PositionalCallMismatch, (loc, message))
        item.label(shape.loc, f"'{constructor.name}' is declared here")
        brackets = {Form.PARENS: "()", Form.BRACES: "{ }"}
        if declared is Form.NONE:
            item.note(f"Remove '{brackets[form]}' arguments from this {position}")
        elif form is Form.NONE or kind == "variant":
            item.note(f"{title} {position}s take arguments using '{brackets[declared]}'")
        self.report(item)

    def check_ellipses(self, found: list[Loc]) -> None:
        """Report `..` used twice in one constructor."""
        if len(found) > 1:
            item = diag(codes.NameResolution.InvalidPattern, (found[0], "Multiple ellipsis patterns"))
            for again in found[1:]:
                item.label(again, "Ellipsis pattern used again here")
            self.report(item.note("An ellipsis pattern can only appear once in a constructor's pattern."))

    def check_unique_fields(self, loc: Loc, case: str, verb: str, names: list[st.Name]) -> list[bool]:
        """Report fields given twice; tells for each whether it is to be kept."""
        seen: dict[str, Loc] = {}
        keep: list[bool] = []
        for name in names:
            keep.append(name.text not in seen)
            if name.text in seen:
                item = diag(codes.Declarations.DuplicateItem, (loc, f"Invalid {case}"))
                item.label(name.loc, f"Duplicate {verb} given for field '{name}'")
                self.report(item.label(seen[name.text], "Field previously defined here"))
            seen.setdefault(name.text, name.loc)
        return keep
