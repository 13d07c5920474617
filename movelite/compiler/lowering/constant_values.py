"""Values of constants for those who ask for single ones, such as the test plan."""

from __future__ import annotations

from .. import typed_tree as tt
from ..diagnostics import Diagnostics
from ..named_tree import MemberId, NamedProgram
from ..typing.context import ProgramContext
from ..typing.functions import check_constant
from .constants import AlreadyReported, ConstantValue, NotConstant, evaluate


class ConstantValues:
    """Evaluates constants of a checked program when asked; what cannot be evaluated is reported elsewhere."""

    def __init__(self, named: NamedProgram, program: tt.Program) -> None:
        self._named = named
        self._program = program
        self._interfaces = ProgramContext(named, program, Diagnostics())
        self._known: dict[MemberId, ConstantValue | None] = {}

    def of(self, member: MemberId) -> ConstantValue | None:
        """The value of a constant; None if it has none."""
        if member not in self._known:
            self._known[member] = None  # for whoever asks in a circle
            self._known[member] = self._evaluated(member)
        return self._known[member]

    def _evaluated(self, member: MemberId) -> ConstantValue | None:
        constant = self._constant(member)
        if constant is None:
            return None
        try:
            return evaluate(constant.value, self._of_use)
        except (NotConstant, AlreadyReported):
            return None

    def _constant(self, member: MemberId) -> tt.Constant | None:
        module, named = self._program.modules.get(member.module), self._named.modules.get(member.module)
        if module is None or named is None or member.name not in named.constants:
            return None
        known = module.constants.get(member.name)
        # constants of interfaces are not checked with the program
        return known or check_constant(self._interfaces, named, named.constants[member.name])

    def _of_use(self, use: tt.ConstantUse) -> ConstantValue:
        value = self.of(MemberId(use.module, use.name))
        if value is None:
            raise AlreadyReported
        return value
