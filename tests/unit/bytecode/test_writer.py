"""Writing: what has no place in the format is refused, never truncated."""

from __future__ import annotations

import pytest

from movelite.bytecode.file_format import (
    DatatypeInstantiation,
    MutableReference,
    Primitive,
    SignatureToken,
    TypeParameter,
    Vector,
)
from movelite.bytecode.status import StatusCode, VMError
from movelite.bytecode.writer import serialize_module
from tests.unit.bytecode.modules import everything, small


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        (Primitive.U256, "0f"),
        (MutableReference(Vector(TypeParameter(3))), "070a0903"),
        (DatatypeInstantiation(300, (Primitive.BOOL, Vector(Primitive.U8))), "0bac0202010a02"),
    ],
)
def test_tokens_are_written_outside_in(token: SignatureToken, expected: str) -> None:
    module, signature = small(), bytes.fromhex(f"01{expected}")
    assert signature not in serialize_module(module)
    module.signatures.append((token,))
    assert signature in serialize_module(module)


def test_version_6_has_no_enums() -> None:
    module = everything()
    module.version = 6
    with pytest.raises(VMError) as error:
        serialize_module(module)
    assert error.value.status is StatusCode.VALUE_SERIALIZATION_ERROR


def test_versions_other_than_6_and_7_are_not_written() -> None:
    module = small()
    module.version = 8
    with pytest.raises(VMError, match="version 8"):
        serialize_module(module)


def test_a_signature_has_at_most_255_types() -> None:
    module = small()
    module.signatures.append((Primitive.U8,) * 255)
    serialize_module(module)
    module.signatures.append((Primitive.U8,) * 256)
    with pytest.raises(VMError, match=r"value \(256\) cannot exceed \(255\)"):
        serialize_module(module)
