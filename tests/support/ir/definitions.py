"""What the structs and enums of the module under construction are called inside."""

from __future__ import annotations

from tests.support.ir.errors import IrError
from tests.support.ir.tables import SELF, Tables


class Definitions:
    """Definition indices, fields and variants by name. Of two with one name, the first is meant."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.structs: dict[str, int] = {}
        self.enums: dict[str, int] = {}
        self.fields: dict[tuple[int, str], tuple[int, int]] = {}
        self.variants: dict[tuple[int, str], tuple[int, int]] = {}

    def declare_struct(self, name: str) -> int:
        """Definition index of a new struct."""
        return self.structs.setdefault(name, len(self.structs))

    def declare_enum(self, name: str) -> int:
        """Definition index of a new enum."""
        return self.enums.setdefault(name, len(self.enums))

    def declare_field(self, handle: int, definition: int, name: str, position: int) -> None:
        """Note where a field is."""
        self.fields.setdefault((handle, name), (definition, position))

    def declare_variant(self, handle: int, definition: int, name: str, tag: int) -> None:
        """Note the tag of a variant."""
        self.variants.setdefault((handle, name), (definition, tag))

    def struct(self, name: str) -> int:
        """Definition index of a struct. Raises: IrError."""
        if name not in self.structs:
            raise IrError(f"Missing struct definition for {name}")
        return self.structs[name]

    def enum(self, name: str) -> int:
        """Definition index of an enum. Raises: IrError."""
        if name not in self.enums:
            raise IrError(f"Missing enum definition for {name}")
        return self.enums[name]

    def field(self, struct: str, name: str) -> tuple[int, int]:
        """Definition index of the struct and position of its field. Raises: IrError."""
        key = (self.tables.datatype(SELF, struct), name)
        if key not in self.fields:
            raise IrError(f"Unbound field {name}")
        return self.fields[key]

    def variant(self, enum: str, name: str) -> tuple[int, int]:
        """Definition index of the enum and tag of its variant. Raises: IrError."""
        key = (self.tables.datatype(SELF, enum), name)
        if key not in self.variants:
            raise IrError(f"Unbound variant {name}")
        return self.variants[key]
