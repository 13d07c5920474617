"""How published modules become a package: where its types began and which dependencies it links.

Source: iota-types, move_package.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from authority.execution.errors import ExecutionError
from authority.execution.linkage import original_package_id
from movelite.bytecode.file_format import CompiledModule
from movelite.bytecode.writer import serialize_module
from proto.argument_error import IncompatibleUpgrade
from proto.execution_status import (
    MovePackageTooBig,
    PackageUpgradeError,
    PublishUpgradeDependencyDowngrade,
    PublishUpgradeMissingDependency,
)
from proto.ids import OBJECT_START_VERSION, Address, ObjectID
from proto.object import MovePackage, TypeOrigin, UpgradeInfo
from proto.protocol_config import ProtocolConfig


def new_package(
    modules: Sequence[CompiledModule], dependencies: Iterable[MovePackage], config: ProtocolConfig
) -> MovePackage:
    """The first version of a package; its id is the modules' own address. Raises: ExecutionError."""
    package_id = ObjectID(Address(modules[0].self_id[0]))
    origins = tuple(TypeOrigin(module, name, package_id) for module, name in _datatypes(modules))
    return _build(package_id, package_id, OBJECT_START_VERSION, modules, origins, dependencies, config)


def upgraded_package(
    storage_id: ObjectID,
    previous: MovePackage,
    modules: Sequence[CompiledModule],
    dependencies: Iterable[MovePackage],
    config: ProtocolConfig,
) -> MovePackage:
    """The next version of a package. Types that it had keep their origin. Raises: ExecutionError."""
    known = {(row.module_name, row.datatype_name): row.package for row in previous.type_origin_table}
    origins = tuple(
        TypeOrigin(module, name, known.pop((module, name), storage_id))
        for module, name in _datatypes(modules)
    )
    if known:
        raise ExecutionError(PackageUpgradeError(IncompatibleUpgrade()))
    original_id = ObjectID(Address(modules[0].self_id[0]))
    version = previous.version + 1
    return _build(storage_id, original_id, version, modules, origins, dependencies, config)


def _build(
    storage_id: ObjectID,
    original_id: ObjectID,
    version: int,
    modules: Sequence[CompiledModule],
    origins: tuple[TypeOrigin, ...],
    dependencies: Iterable[MovePackage],
    config: ProtocolConfig,
) -> MovePackage:
    used = {ObjectID(Address(address)) for module in modules for address in _imported(module)}
    linkage = _linkage_table(used - {original_id}, dependencies)
    code = {module.self_id[1]: serialize_module(module) for module in modules}
    package = MovePackage(storage_id, version, code, origins, linkage)
    if package.size > config.max_move_package_size:
        raise ExecutionError(MovePackageTooBig(package.size, config.max_move_package_size))
    return package


def _linkage_table(
    immediate: set[ObjectID], dependencies: Iterable[MovePackage]
) -> dict[ObjectID, UpgradeInfo]:
    table: dict[ObjectID, UpgradeInfo] = {}
    tables_of_immediate = []
    for dependency in dependencies:
        original_id = original_package_id(dependency)
        if original_id in immediate:
            immediate.discard(original_id)
            tables_of_immediate.append(dependency.linkage_table)
        table[original_id] = UpgradeInfo(dependency.id, dependency.version)
    if immediate:
        raise ExecutionError(PublishUpgradeMissingDependency())
    for needed in tables_of_immediate:
        for original_id, info in needed.items():
            ours = table.get(original_id)
            if ours is None:
                raise ExecutionError(PublishUpgradeMissingDependency())
            if ours.upgraded_version < info.upgraded_version:
                raise ExecutionError(PublishUpgradeDependencyDowngrade())
    return table


def _datatypes(modules: Sequence[CompiledModule]) -> Iterator[tuple[str, str]]:
    for module in modules:
        handles = [struct.handle for struct in module.struct_defs]
        handles += [enum.handle for enum in module.enum_defs]
        for handle in handles:
            yield module.self_id[1], module.identifiers[module.datatype_handles[handle].name]


def _imported(module: CompiledModule) -> Iterator[bytes]:
    for index, handle in enumerate(module.module_handles):
        if index != module.self_module_handle_idx:
            yield module.address_identifiers[handle.address]
