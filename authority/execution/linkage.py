"""Which version of each package a call runs against: the linkage of the package that is called.

Source: iota-adapter, linkage_view.
"""

from __future__ import annotations

from collections.abc import Callable

from movelite.bytecode.reader import read_own_address
from movelite.bytecode.status import StatusCode, VMError
from proto.ids import OBJECT_START_VERSION, Address, ObjectID
from proto.object import MovePackage

ModuleId = tuple[bytes, str]


class PackageStore:
    """Packages by id: those of the ledger, and on top those that the running transaction published."""

    def __init__(self, fetch: Callable[[ObjectID], MovePackage | None], stored_are_verified: bool) -> None:
        self._fetch = fetch
        self._stored_are_verified = stored_are_verified
        self._new: dict[ObjectID, MovePackage] = {}
        self._origins: dict[ObjectID, dict[tuple[str, str], ObjectID]] = {}

    def get(self, package_id: ObjectID) -> MovePackage | None:
        """The package stored under an id."""
        return self._new.get(package_id) or self._fetch(package_id)

    def is_verified(self, package_id: ObjectID) -> bool:
        """Whether the modules of a package were verified before they were stored."""
        return self._stored_are_verified and package_id not in self._new

    def add(self, package: MovePackage) -> None:
        """A package that the transaction publishes."""
        self._new[package.id] = package
        self._origins.pop(package.id, None)

    def remove(self, package_id: ObjectID) -> None:
        """Take a package back whose publication failed."""
        del self._new[package_id]
        self._origins.pop(package_id, None)

    def origin(self, package_id: ObjectID, module: str, datatype: str) -> ObjectID | None:
        """The package version in which a type of a package was first defined."""
        found = self._origins.get(package_id)
        if found is None:
            package = self.get(package_id)
            rows = package.type_origin_table if package is not None else ()
            found = {(row.module_name, row.datatype_name): row.package for row in reversed(rows)}
            self._origins[package_id] = found
        return found.get((module, datatype))

    @property
    def new_packages(self) -> tuple[MovePackage, ...]:
        """Packages published so far, in order."""
        return tuple(self._new.values())


class PackageLinkage:
    """The linkage resolver of one package: its own modules and its linkage table.

    Module ids carry the original package id at run time; relocate tells where their bytes are stored.
    """

    def __init__(self, package: MovePackage, packages: PackageStore) -> None:
        self._package = package
        self._packages = packages
        self.link_context = Address(package.id)
        self.original_id = original_package_id(package)

    def relocate(self, module_id: ModuleId) -> ModuleId:
        """The id under which the module is stored. Raises: VMError LINKER_ERROR if it is not linked."""
        address, name = module_id
        if address == self.original_id:
            return self._package.id, name
        info = self._package.linkage_table.get(ObjectID(Address(address)))
        if info is None:
            raise VMError(StatusCode.LINKER_ERROR, message=f"0x{address.hex()}::{name} is not linked")
        return info.upgraded_id, name

    def defining_module(self, module_id: ModuleId, datatype: str) -> ModuleId:
        """The module version that first defined a type. Raises: VMError LINKER_ERROR if there is none."""
        storage, name = self.relocate(module_id)
        origin = self._packages.origin(ObjectID(Address(storage)), name, datatype)
        if origin is None:
            raise VMError(StatusCode.LINKER_ERROR, message=f"{module_id[1]}::{datatype} has no origin")
        return origin, name

    def get_module(self, module_id: ModuleId) -> bytes | None:
        """Bytes of a module by its storage id."""
        package = self._packages.get(ObjectID(Address(module_id[0])))
        return None if package is None else package.module_map.get(module_id[1])

    def is_verified(self, module_id: ModuleId) -> bool:
        """Whether the module was verified before it was stored."""
        return self._packages.is_verified(ObjectID(Address(module_id[0])))


def original_package_id(package: MovePackage) -> ObjectID:
    """Id of the first version of a package: what its modules call themselves."""
    if package.version == OBJECT_START_VERSION:
        return package.id
    code = next(iter(package.module_map.values()))
    return ObjectID(Address(read_own_address(code)))
