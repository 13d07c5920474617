"""How the VM finds modules: the view that one transaction has of the packages."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Protocol

from movelite.vm.types import ModuleId


class LinkageResolver(Protocol):
    """Which version of every package is linked, and where its modules are.

    A module's runtime id carries the address that its package was first published at; its storage id the
    address of the version that is linked here.
    """

    @property
    def link_context(self) -> Hashable:
        """Name of this view. Views of equal names must answer alike for as long as one runtime lives
        (or until its `forget_links`), for what was loaded under a name is not looked up again."""
        ...

    def relocate(self, module_id: ModuleId) -> ModuleId:
        """The storage id of a runtime id.

        Raises: VMError LINKER_ERROR where the view links no such package.
        """
        ...

    def defining_module(self, module_id: ModuleId, datatype: str) -> ModuleId:
        """The id of the module version that introduced the datatype of that runtime module.

        Raises: VMError LINKER_ERROR where there is no such type.
        """
        ...

    def get_module(self, storage_id: ModuleId) -> bytes | None:
        """The bytes of a stored module, or None."""
        ...

    def is_verified(self, storage_id: ModuleId) -> bool:
        """Whether these bytes are known to be a module that was verified before it was stored."""
        ...


class MemoryLinkage:
    """Modules in a dictionary, each at its own address: the view of tests and of unlinked tools."""

    def __init__(
        self, modules: dict[ModuleId, bytes] | None = None, link_context: Hashable = "memory"
    ) -> None:
        self.modules: dict[ModuleId, bytes] = modules if modules is not None else {}
        self._link_context = link_context

    @property
    def link_context(self) -> Hashable:
        """The name given."""
        return self._link_context

    def relocate(self, module_id: ModuleId) -> ModuleId:
        """The id itself."""
        return module_id

    def defining_module(self, module_id: ModuleId, datatype: str) -> ModuleId:
        """The id itself."""
        return module_id

    def get_module(self, storage_id: ModuleId) -> bytes | None:
        """The bytes of a stored module, or None."""
        return self.modules.get(storage_id)

    def is_verified(self, storage_id: ModuleId) -> bool:
        """Nothing is known of them."""
        return False
