"""The failure of a transaction while it runs: a value in its effects, raised inside the executor."""

from __future__ import annotations

from movelite.bytecode.status import VMError
from proto import argument_error as argument
from proto.execution_status import CommandArgumentError, ExecutionFailureStatus, InvariantViolation


class ExecutionError(Exception):
    """Ends the execution of a transaction with a status, the command's index and a text for people.

    vm_error: the error of the Move VM that it comes from, if it does.
    """

    def __init__(
        self,
        status: ExecutionFailureStatus,
        source: str | None = None,
        command: int | None = None,
        vm_error: VMError | None = None,
    ) -> None:
        super().__init__(source or type(status).__name__)
        self.status = status
        self.source = source
        self.command = command
        self.vm_error = vm_error

    def with_command(self, command: int) -> ExecutionError:
        """The same error, at a command unless it already names one."""
        if self.command is None:
            self.command = command
        return self


def invariant_violation(source: str) -> ExecutionError:
    """A state that earlier checks rule out; the transaction fails, the authority goes on."""
    return ExecutionError(InvariantViolation(), source)


def argument_error(
    kind: argument.CommandArgumentError, index: int, source: str | None = None
) -> ExecutionError:
    """A wrong argument, by its position in the command."""
    return ExecutionError(CommandArgumentError(arg_idx=index, kind=kind), source)
