"""The lowered form: basic blocks of commands.

Expressions are nodes of the typed tree, but only those without control flow or statements inside:
literals, uses of locals and constants, calls, packs, operators (never && and ||), borrows, dereferences,
casts, freezes, tuples. Control flow is between blocks alone. The last command of a block, and only the
last, leaves it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from .. import typed_tree as tt
from ..source import Loc
from ..types import ModuleIdent
from ..typing.walk import parts_of


@dataclass(slots=True, eq=False)
class Block:
    """A basic block. `id` is its number in the function; in `Body.blocks` numbers rise."""

    id: int
    commands: list[Command] = field(default_factory=list)

    @property
    def successors(self) -> tuple[Block, ...]:
        """Where control goes from the end of the block."""
        match self.commands[-1] if self.commands else None:
            case Jump(target):
                return (target,)
            case Branch(_, consequent, alternative):
                return (consequent, alternative)
            case Switch() as switch:
                return tuple(switch.targets)
            case _:
                return ()


@dataclass(slots=True, eq=False)
class Assign:
    """Evaluates `value` and stores its parts into the targets, the last part first.

    `is_update` marks what the source writes without `let`: locals may have had a value before.
    """

    targets: list[tt.Target]
    value: tt.Expression
    loc: Loc
    is_update: bool = False


@dataclass(slots=True, eq=False)
class Mutate:
    """`*reference = value`; the value is evaluated first."""

    reference: tt.Expression
    value: tt.Expression
    loc: Loc


@dataclass(slots=True, eq=False)
class Discard:
    """Evaluates `value` and drops what it yields."""

    value: tt.Expression
    loc: Loc


@dataclass(slots=True, eq=False)
class Jump:
    """Goes to a block."""

    target: Block
    loc: Loc


@dataclass(slots=True, eq=False)
class Branch:
    """Goes to one of two blocks."""

    condition: tt.Expression
    consequent: Block
    alternative: Block
    loc: Loc


@dataclass(slots=True, eq=False)
class Switch:
    """Goes to the block of the variant behind `subject`, an immutable reference; targets in tag order."""

    subject: tt.Expression
    module: ModuleIdent
    name: str
    targets: list[Block]
    loc: Loc


@dataclass(slots=True, eq=False)
class AbortCommand:
    """Aborts with a code."""

    code: tt.Expression
    loc: Loc


@dataclass(slots=True, eq=False)
class ReturnCommand:
    """Returns a value (unit, one, or a tuple)."""

    value: tt.Expression
    loc: Loc


Command = Assign | Mutate | Discard | Jump | Branch | Switch | AbortCommand | ReturnCommand
LEAVING = (Jump, Branch, Switch, AbortCommand, ReturnCommand)


@dataclass(slots=True, eq=False)
class Body:
    """A function's code. `blocks[0]` is the entry; `locals` are all but the parameters.

    `loop_heads` are the numbers that the first blocks of loops got when they were laid out.
    """

    function: tt.Function
    blocks: list[Block]
    locals: list[tt.Local]
    loop_heads: frozenset[int] = frozenset()


Change = Callable[[tt.Expression], tt.Expression]


def rewrite(expression: tt.Expression, change: Change) -> tt.Expression:
    """The expression with `change` made to every part of it, inner ones first."""
    before = parts_of(expression)
    after = [rewrite(child, change) for child in before]
    if any(new is not old for new, old in zip(after, before, strict=True)):
        expression = _with_children(expression, after)
    return change(expression)


def _with_children(expression: tt.Expression, children: list[tt.Expression]) -> tt.Expression:
    match expression:
        case tt.Call():
            return replace(expression, arguments=children)
        case tt.VectorPack() | tt.TupleExpression():
            return replace(expression, elements=children)
        case tt.Pack():
            fields = [replace(part, value=new) for part, new in zip(expression.fields, children, strict=True)]
            return replace(expression, fields=fields)
        case tt.Freeze() | tt.Unary() | tt.Cast() | tt.BorrowTemporary():
            return replace(expression, operand=children[0])
        case tt.Binary():
            return replace(expression, left=children[0], right=children[1])
        case tt.Dereference():
            return replace(expression, reference=children[0])
        case tt.BorrowField():
            return replace(expression, base=children[0])
        case _:
            raise ValueError(f"{type(expression).__name__} has no parts")


def rewrite_command(command: Command, change: Change) -> None:
    """Make `change` to every expression of a command, in place."""
    match command:
        case Assign() | Discard() | ReturnCommand():
            command.value = rewrite(command.value, change)
        case Mutate():
            command.value = rewrite(command.value, change)
            command.reference = rewrite(command.reference, change)
        case Branch():
            command.condition = rewrite(command.condition, change)
        case Switch():
            command.subject = rewrite(command.subject, change)
        case AbortCommand():
            command.code = rewrite(command.code, change)
        case Jump():
            pass


def expressions_of(command: Command) -> list[tt.Expression]:
    """The expressions of a command, in the order of evaluation."""
    match command:
        case Assign() | Discard() | ReturnCommand():
            return [command.value]
        case Mutate():
            return [command.value, command.reference]
        case Branch():
            return [command.condition]
        case Switch():
            return [command.subject]
        case AbortCommand():
            return [command.code]
        case Jump():
            return []


def locals_of(target: tt.Target) -> list[tt.Local]:
    """The locals that a target stores into, in source order."""
    match target:
        case tt.LocalTarget():
            return [target.local]
        case tt.UnpackTarget():
            return [local for part in target.fields for local in locals_of(part.target)]
        case _:
            return []
