"""An assembler for Move IR (.mvir), the notation in which most tests of verifier and VM are written."""

from tests.support.ir.assembler import assemble
from tests.support.ir.errors import IrError

__all__ = ["IrError", "assemble"]
