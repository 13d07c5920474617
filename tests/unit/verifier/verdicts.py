"""What the tests of all passes say: a module is accepted, or refused with exactly this error."""

from __future__ import annotations

import pytest

from movelite.bytecode.status import IndexKind, StatusCode, VMError
from movelite.verifier.config import VerifierConfig
from movelite.verifier.verifier import DEFAULT_CONFIG, verify_module
from tests.support.module_builder import ModuleBuilder


def accept(builder: ModuleBuilder, config: VerifierConfig = DEFAULT_CONFIG) -> None:
    """The module passes."""
    verify_module(builder.module, config)


def refuse(
    builder: ModuleBuilder,
    status: StatusCode,
    *,
    indices: list[tuple[IndexKind, int]] | None = None,
    offset: int | None = None,
    config: VerifierConfig = DEFAULT_CONFIG,
) -> VMError:
    """The module fails with this status, and at these rows or at this offset of some function if given."""
    with pytest.raises(VMError) as raised:
        verify_module(builder.module, config)
    error = raised.value
    assert error.status is status, str(error)
    if indices is not None:
        assert error.indices == indices
    if offset is not None:
        assert [place for _, place in error.offsets] == [offset]
        assert error.indices == [(IndexKind.FUNCTION_DEFINITION, function) for function, _ in error.offsets]
    return error
