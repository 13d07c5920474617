"""Interfaces of packages: iota_getNormalizedMove*."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from aggregator.service.core import ClientService
from aggregator.service.move_layout import UnreadableValue
from aggregator.service.normalized_json import (
    argument_types_json,
    count_types,
    function_json,
    module_json,
    struct_json,
)
from aggregator.service.object_json import Json
from aggregator.service.parameters import AddressParam
from aggregator.service.rpc_error import invalid_params
from movelite.bytecode import normalized
from proto.ids import ObjectID, format_address
from proto.object import MovePackage

MOST_TYPES = 100_000
"""In an answer about modules, those inside of others included: some 10 MB."""


class MoveApi:
    """Reads of code."""

    def __init__(self, service: ClientService) -> None:
        self._service = service

    async def get_normalized_move_modules_by_package(self, package: AddressParam) -> Json:
        """All modules of a package."""
        found = await self._package(package)
        modules = {name: await self._module(package, name) for name in sorted(found.module_map)}
        _check_size(modules.values())
        return {name: module_json(module) for name, module in modules.items()}

    async def get_normalized_move_module(self, package: AddressParam, module_name: str) -> Json:
        """One module."""
        module = await self._module(package, module_name)
        _check_size([module])
        return module_json(module)

    async def get_normalized_move_struct(
        self, package: AddressParam, module_name: str, struct_name: str
    ) -> Json:
        """One struct."""
        struct = (await self._module(package, module_name)).structs.get(struct_name)
        if struct is None:
            raise invalid_params(f"No struct was found with struct name {struct_name}")
        return struct_json(struct)

    async def get_normalized_move_function(
        self, package: AddressParam, module_name: str, function_name: str
    ) -> Json:
        """The signature of one function."""
        return function_json(await self._function(package, module_name, function_name))

    async def get_move_function_arg_types(
        self, package: AddressParam, module: str, function: str
    ) -> list[Any]:
        """What kind of argument each parameter of a function takes."""
        return argument_types_json(await self._function(package, module, function))

    async def _package(self, package: ObjectID) -> MovePackage:
        found = await self._service.catalog.package(package)
        if found is None:
            raise invalid_params(f"Package object does not exist with ID {format_address(package)}")
        return found

    async def _module(self, package: ObjectID, name: str) -> normalized.Module:
        found = await self._service.catalog.module(package, name)
        if found is None:
            await self._package(package)
            raise invalid_params(f"No module found with module name {name}")
        return found

    async def _function(self, package: Any, module: str, name: str) -> normalized.Function:
        function = (await self._module(package, module)).functions.get(name)
        if function is None:
            raise invalid_params(f"No function was found with function name {name}")
        return function


def _check_size(modules: Iterable[normalized.Module]) -> None:
    if sum(map(count_types, modules)) > MOST_TYPES:
        raise UnreadableValue(f"more than {MOST_TYPES} types are too many for one answer; ask for less of it")
