"""Publishing and upgrading packages.

Source: iota-adapter, programmable_transactions/execution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from authority.execution.context import ExecutionContext, ExecutionMode
from authority.execution.errors import ExecutionError, argument_error
from authority.execution.linkage import original_package_id
from authority.execution.move_call import INIT, call_init, check_parameter_type
from authority.execution.packages import new_package, upgraded_package
from authority.execution.values import RawValue, Value
from movelite.bytecode.compatibility import UpgradePolicy, check_upgrade
from movelite.bytecode.file_format import CompiledModule
from movelite.bytecode.normalized import Known, normalize
from movelite.bytecode.reader import BinaryConfig, deserialize_module
from movelite.bytecode.status import VMError
from movelite.bytecode.writer import serialize_module
from movelite.verifier.iota import IotaVerificationError, IotaVerificationTimeout
from movelite.verifier.iota import verify_module as verify_network_rules
from movelite.verifier.meter import Meter
from movelite.verifier.module_view import ModuleView
from proto import bcs
from proto.argument_error import (
    DigestDoesNotMatch,
    IncompatibleUpgrade,
    InvalidBCSBytes,
    PackageIDDoesNotMatch,
    UnknownUpgradePolicy,
)
from proto.bcs import U8, U64, BcsError
from proto.execution_status import (
    IotaMoveVerificationError,
    PackageUpgradeError,
    PublishErrorNonZeroAddress,
    PublishUpgradeMissingDependency,
    VMVerificationOrDeserializationError,
)
from proto.ids import IOTA_FRAMEWORK_ADDRESS, ObjectID
from proto.object import MovePackage, package_digest
from proto.transaction import Argument
from proto.type_tag import StructTag

UPGRADE_CAP = StructTag(IOTA_FRAMEWORK_ADDRESS, "package", "UpgradeCap")
UPGRADE_TICKET = StructTag(IOTA_FRAMEWORK_ADDRESS, "package", "UpgradeTicket")
UPGRADE_RECEIPT = StructTag(IOTA_FRAMEWORK_ADDRESS, "package", "UpgradeReceipt")


@dataclass(frozen=True, slots=True)
class UpgradeCap:
    """0x2::package::UpgradeCap."""

    id: ObjectID
    package: ObjectID
    version: U64
    policy: U8


@dataclass(frozen=True, slots=True)
class UpgradeTicket:
    """0x2::package::UpgradeTicket."""

    cap: ObjectID
    package: ObjectID
    policy: U8
    digest: bytes


@dataclass(frozen=True, slots=True)
class UpgradeReceipt:
    """0x2::package::UpgradeReceipt."""

    cap: ObjectID
    package: ObjectID


def execute_publish(
    context: ExecutionContext, codes: tuple[bytes, ...], dependencies: tuple[ObjectID, ...]
) -> list[Value]:
    """Publish a package, run its initialisers, make its upgrade capability. Raises: ExecutionError."""
    context.gas.charge_publish(sum(len(code) for code in codes))
    modules = _read_modules(context, codes)
    is_genesis = context.mode is ExecutionMode.GENESIS
    if not is_genesis:
        modules = _at_address(modules, context.tx_context.fresh_id())
    package = new_package(modules, _fetch(context, dependencies), context.config)
    context.packages.add(package)
    try:
        _verify(context, package, modules)
        session, _ = context.session(package.id)
        for module in modules:
            if _has_init(module):
                call_init(context, session, module.self_id)
    except ExecutionError:
        context.packages.remove(package.id)
        raise
    if is_genesis:
        return []
    cap = UpgradeCap(context.fresh_id(), package.id, 1, UpgradePolicy.COMPATIBLE)
    type_ = context.load_type(UPGRADE_CAP)
    return [context.object_value(type_, bcs.encode(UpgradeCap, cap), is_tainted=False)]


def execute_upgrade(
    context: ExecutionContext,
    codes: tuple[bytes, ...],
    dependencies: tuple[ObjectID, ...],
    package_id: ObjectID,
    ticket_argument: Argument,
) -> list[Value]:
    """Publish a new version of a package. Raises: ExecutionError."""
    context.gas.charge_publish(sum(len(code) for code in codes))
    ticket = _take_ticket(context, ticket_argument)
    if package_id != ticket.package:
        raise ExecutionError(PackageUpgradeError(PackageIDDoesNotMatch(package_id, ticket.package)))
    digest = package_digest(codes, dependencies)
    if digest != ticket.digest:
        raise ExecutionError(PackageUpgradeError(DigestDoesNotMatch(digest)))
    previous = _fetch(context, (package_id,))[0]
    previous_modules = [deserialize_module(code) for _, code in sorted(previous.module_map.items())]
    original_id = original_package_id(previous)
    modules = _at_address(_read_modules(context, codes), original_id)
    storage_id = context.tx_context.fresh_id()
    package = upgraded_package(storage_id, previous, modules, _fetch(context, dependencies), context.config)
    context.packages.add(package)
    try:
        _verify(context, package, modules)
        _check_policy(previous_modules, modules, ticket.policy)
    except ExecutionError:
        context.packages.remove(package.id)
        raise
    receipt = bcs.encode(UpgradeReceipt, UpgradeReceipt(ticket.cap, storage_id))
    return [RawValue(context.load_type(UPGRADE_RECEIPT), 0, receipt, is_tainted=False)]


def _read_modules(context: ExecutionContext, codes: tuple[bytes, ...]) -> list[CompiledModule]:
    accepted = BinaryConfig.of_protocol(context.config)
    try:
        return [deserialize_module(code, accepted) for code in codes]
    except VMError as error:
        raise ExecutionError(VMVerificationOrDeserializationError(), str(error)) from error


def _at_address(modules: Sequence[CompiledModule], package_id: ObjectID) -> list[CompiledModule]:
    for module in modules:
        address, name = module.self_id
        if address != bytes(32):
            text = f"Publishing module {name} with non-zero address is not allowed"
            raise ExecutionError(PublishErrorNonZeroAddress(), text)
    return [module.at_address(package_id) for module in modules]


def _fetch(context: ExecutionContext, ids: tuple[ObjectID, ...]) -> list[MovePackage]:
    found = [(package_id, context.packages.get(package_id)) for package_id in sorted(set(ids))]
    missing = [package_id for package_id, package in found if package is None]
    if missing:
        text = "Missing dependencies: " + ", ".join("0x" + package_id.hex() for package_id in missing)
        raise ExecutionError(PublishUpgradeMissingDependency(), text)
    return [package for _, package in found if package is not None]


def _verify(context: ExecutionContext, package: MovePackage, modules: Sequence[CompiledModule]) -> None:
    session, _ = context.session(package.id)
    meter = context.gas.meter.verifier_meter or Meter()
    try:
        compiled = session.publish_bundle(
            [serialize_module(module) for module in modules], modules[0].self_id[0], meter
        )
        for module in compiled:
            verify_network_rules(ModuleView(module, meter))
    except VMError as error:
        raise context.failure(error, session) from error
    except (IotaVerificationError, IotaVerificationTimeout) as error:
        raise ExecutionError(IotaMoveVerificationError(), str(error)) from error


def _has_init(module: CompiledModule) -> bool:
    return any(
        module.identifiers[module.function_handles[definition.function].name] == INIT
        for definition in module.function_defs
    )


def _take_ticket(context: ExecutionContext, argument: Argument) -> UpgradeTicket:
    value = context.arguments.by_value(0, argument)
    check_parameter_type(context, 0, value, context.load_type(UPGRADE_TICKET))
    try:
        return bcs.decode(UpgradeTicket, value.contents)
    except BcsError as error:
        raise argument_error(InvalidBCSBytes(), 0) from error


def _check_policy(previous: Sequence[CompiledModule], modules: Sequence[CompiledModule], policy: int) -> None:
    if policy not in list(UpgradePolicy):
        raise ExecutionError(PackageUpgradeError(UnknownUpgradePolicy(policy)))
    upgraded = {module.self_id[1]: module for module in modules}
    has_code, known = policy != UpgradePolicy.COMPATIBLE, Known()
    for old in previous:
        new = upgraded.get(old.self_id[1])
        if new is None:
            text = f"Existing module {old.self_id[1]} not found in next version of package"
            raise ExecutionError(PackageUpgradeError(IncompatibleUpgrade()), text)
        try:
            before, after = [normalize(one, with_code=has_code, known=known) for one in (old, new)]
            check_upgrade(UpgradePolicy(policy), before, after)
        except VMError as error:
            reason = PackageUpgradeError(IncompatibleUpgrade())
            raise ExecutionError(reason, error.message, vm_error=error) from error
