"""Bytes to linked modules: read, verified, checked against their dependencies, and kept.

A module is read and verified once per content. It is linked once per set of linked dependencies, so that
all packages over the same framework share one linked framework, and an upgraded package gets its own.
Source: move-vm-runtime, loader.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Generic, TypeVar

from movelite.bytecode.file_format import (
    CompiledModule,
    DatatypeHandle,
    EnumDefinition,
    FieldDefinition,
    SignatureToken,
    StructDefinition,
)
from movelite.bytecode.reader import BinaryConfig, deserialize_module
from movelite.bytecode.status import IndexKind, StatusCode, VMError
from movelite.verifier.config import VerifierConfig
from movelite.verifier.dependencies import Exports, immediate_dependencies, verify_linkage
from movelite.verifier.meter import Meter, Scope
from movelite.verifier.verifier import verify_module
from movelite.vm.linkage import LinkageResolver
from movelite.vm.loaded import LoadedModule, type_of_token
from movelite.vm.native_context import NativeFunction, NativeTable
from movelite.vm.types import DatatypeInfo, Field, ModuleId, Variant, intern_datatype

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class LruCache(Generic[_K, _V]):
    """A dictionary that forgets what was not used for the longest time."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._items: OrderedDict[_K, _V] = OrderedDict()

    def get(self, key: _K) -> _V | None:
        """The value, now the most recently used, or None."""
        if key not in self._items:
            return None
        self._items.move_to_end(key)
        return self._items[key]

    def put(self, key: _K, value: _V) -> None:
        """Remember a value."""
        self._items[key] = value
        self._items.move_to_end(key)
        if len(self._items) > self._capacity:
            self._items.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        self._items.clear()


@dataclass(frozen=True, slots=True)
class CacheLimits:
    """How much a runtime keeps: modules by content, linked modules, and views.

    code_bytes: of the modules, when they were read and each time they were linked; a byte of code takes some
    20 bytes of memory. When there are more, all is forgotten.
    """

    verified_modules: int = 10_000
    linked_modules: int = 10_000
    link_contexts: int = 2_000
    code_bytes: int = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Verified:
    """size: bytes of the module."""

    compiled: CompiledModule
    digest: bytes
    size: int


class ModuleLoader:
    """Loads modules through a linkage and keeps what it loaded."""

    def __init__(
        self,
        natives: NativeTable,
        binary_config: BinaryConfig,
        verifier_config: VerifierConfig,
        limits: CacheLimits | None = None,
    ) -> None:
        limits = limits or CacheLimits()
        self._natives = natives
        self._binary_config = binary_config
        self._verifier_config = verifier_config
        self._verified: LruCache[bytes, _Verified] = LruCache(limits.verified_modules)
        self._linked: LruCache[Hashable, LoadedModule] = LruCache(limits.linked_modules)
        self._contexts: LruCache[Hashable, dict[ModuleId, LoadedModule]] = LruCache(limits.link_contexts)
        self._most_code = limits.code_bytes
        self._code = 0

    def forget_links(self) -> None:
        """Look every view up again; what was read and verified is kept."""
        self._contexts.clear()

    def _forget_all(self) -> None:
        for cache in (self._verified, self._linked, self._contexts):
            cache.clear()
        self._code = 0

    def load(self, linkage: LinkageResolver, runtime_id: ModuleId) -> LoadedModule:
        """The module of that runtime id in the view, with all it depends on.

        Raises: VMError.
        """
        return self._load(linkage, runtime_id)

    def _load(
        self,
        linkage: LinkageResolver,
        runtime_id: ModuleId,
        dependent: ModuleId | None = None,
        meter: Meter | None = None,
    ) -> LoadedModule:
        """dependent: a module that is not to be loaded on the way, for it is being published."""
        context = self._contexts.get(linkage.link_context)
        if context is None:
            if self._code > self._most_code:
                self._forget_all()
            context = {}
            self._contexts.put(linkage.link_context, context)
        if runtime_id not in context:
            visiting = set() if dependent is None else {dependent}
            _Traversal(self, linkage, context, visiting, meter or Meter()).run(runtime_id)
        return context[runtime_id]

    def read(self, data: bytes) -> CompiledModule:
        """Bytes to a module, not verified.

        Raises: VMError.
        """
        return deserialize_module(data, self._binary_config)

    def verify_bundle(
        self, linkage: LinkageResolver, modules: list[CompiledModule], meter: Meter | None = None
    ) -> None:
        """Verify modules that are to be published together, dependencies before dependents.

        Their dependencies are loaded. meter: what verifying may take, of those that are loaded too.
        Raises: VMError, PROGRAM_TOO_COMPLEX when the meter runs out.
        """
        meter = meter or Meter()
        bundle: dict[ModuleId, Exports] = {}
        for module in modules:
            self._verify_alone(module, meter)
            dependencies = []
            for runtime_id in immediate_dependencies(module):
                if runtime_id in bundle:
                    dependencies.append(bundle[runtime_id])
                    continue
                if runtime_id == module.self_id:
                    raise VMError(StatusCode.CYCLIC_MODULE_DEPENDENCY)
                loaded = self._load(linkage, runtime_id, module.self_id, meter)
                dependencies.append(loaded.exports)
            verify_linkage(module, dependencies)
            bundle[module.self_id] = Exports(module)

    def _verify_alone(self, module: CompiledModule, meter: Meter) -> None:
        meter.enter_scope(module.self_id[1], Scope.MODULE)
        verify_module(module, self._verifier_config, meter)
        meter.transfer(Scope.MODULE, Scope.PACKAGE)
        self._check_natives(module)

    def _check_natives(self, module: CompiledModule) -> None:
        module_id = module.self_id
        natives = [definition for definition in module.function_defs if definition.code is None]
        for index, definition in enumerate(natives):
            name = module.identifiers[module.function_handles[definition.function].name]
            if self.native(module_id, name) is None:
                raise _missing_native(module_id, index)
        for index, struct in enumerate(module.struct_defs):
            if struct.fields is None:
                raise _missing_native(module_id, index)

    def native(self, module_id: ModuleId, name: str) -> NativeFunction | None:
        """The native function of that name, or None."""
        return self._natives.get((*module_id, name))

    def verified(self, data: bytes, meter: Meter, *, is_verified: bool) -> _Verified:
        """A stored module, read, and verified if it was not before.

        Raises: VMError of the invariant violation class where the stored bytes are bad.
        """
        digest = _content_digest(data)
        found = self._verified.get(digest)
        if found is None:
            try:
                compiled = self.read(data)
            except VMError as error:
                raise VMError(StatusCode.UNEXPECTED_DESERIALIZATION_ERROR, message=str(error)) from error
            if not is_verified:
                try:
                    self._verify_alone(compiled, meter)
                except VMError as error:
                    raise _stored_module_error(error) from error
            found = self._keep(_Verified(compiled, digest, len(data)))
        return found

    def keep_verified(self, data: bytes, compiled: CompiledModule) -> None:
        """Remember that a module was read from these bytes and has passed `verify_bundle`."""
        self._keep(_Verified(compiled, _content_digest(data), len(data)))

    def _keep(self, verified: _Verified) -> _Verified:
        self._verified.put(verified.digest, verified)
        self._code += verified.size
        return verified

    def link(
        self,
        linkage: LinkageResolver,
        storage_id: ModuleId,
        module: _Verified,
        dependencies: list[LoadedModule],
    ) -> LoadedModule:
        """The module linked to these dependencies.

        Raises: VMError of the invariant violation class where they do not fit.
        """
        compiled = module.compiled
        defining_ids = _defining_ids(linkage, compiled)
        key = (storage_id, module.digest, tuple(id(dependency) for dependency in dependencies), defining_ids)
        found = self._linked.get(key)
        if found is None:
            try:
                verify_linkage(compiled, [dependency.exports for dependency in dependencies])
            except VMError as error:
                raise _stored_module_error(error) from error
            by_id = {dependency.runtime_id: dependency for dependency in dependencies}
            datatypes = _DatatypeBuilder(compiled, by_id, dict(defining_ids)).build()
            found = LoadedModule(compiled, storage_id, by_id, datatypes, self.native)
            self._linked.put(key, found)
            self._code += module.size
        return found


def _content_digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=32).digest()


def _missing_native(module_id: ModuleId, index: int) -> VMError:
    return VMError(
        StatusCode.MISSING_DEPENDENCY, location=module_id, indices=[(IndexKind.FUNCTION_HANDLE, index)]
    )


def _stored_module_error(error: VMError) -> VMError:
    """A verification error of a module that is already stored is our fault, not its user's."""
    if not error.status.is_verification:
        return error
    return VMError(
        StatusCode.UNEXPECTED_VERIFIER_ERROR,
        message=str(error),
        location=error.location,
        indices=error.indices,
        offsets=error.offsets,
    )


def _defining_ids(linkage: LinkageResolver, module: CompiledModule) -> tuple[tuple[str, ModuleId], ...]:
    runtime_id = module.self_id
    definitions: list[StructDefinition | EnumDefinition] = [*module.struct_defs, *module.enum_defs]
    names = [module.identifiers[module.datatype_handles[d.handle].name] for d in definitions]
    return tuple((name, linkage.defining_module(runtime_id, name)) for name in names)


@dataclass(slots=True)
class _Visit:
    storage_id: ModuleId
    module: _Verified
    waiting: list[ModuleId]


class _Traversal:
    """Depth first through the dependencies, without recursion, each module linked once all of its own are."""

    def __init__(
        self,
        loader: ModuleLoader,
        linkage: LinkageResolver,
        context: dict[ModuleId, LoadedModule],
        visiting: set[ModuleId],
        meter: Meter,
    ) -> None:
        self.loader = loader
        self.linkage = linkage
        self.context = context
        self.visiting = visiting
        self.meter = meter
        self.stack: list[_Visit] = []

    def run(self, runtime_id: ModuleId) -> None:
        """Load a module into the context.

        Raises: VMError.
        """
        self._enter(runtime_id, is_root=True)
        while self.stack:
            visit = self.stack[-1]
            if visit.waiting:
                dependency = visit.waiting.pop()
                if dependency not in self.context:
                    self._enter(dependency, is_root=False)
                continue
            compiled = visit.module.compiled
            dependencies = [self.context[d] for d in immediate_dependencies(compiled)]
            self.context[compiled.self_id] = self.loader.link(
                self.linkage, visit.storage_id, visit.module, dependencies
            )
            self.visiting.discard(compiled.self_id)
            self.stack.pop()

    def _enter(self, runtime_id: ModuleId, *, is_root: bool) -> None:
        if runtime_id in self.visiting:
            raise VMError(StatusCode.CYCLIC_MODULE_DEPENDENCY)
        storage_id = self.linkage.relocate(runtime_id)
        data = self.linkage.get_module(storage_id)
        if data is None:
            status = StatusCode.LINKER_ERROR if is_root else StatusCode.UNEXPECTED_VERIFIER_ERROR
            raise VMError(status, message=f"Cannot find {_text(storage_id)} in data cache")
        is_verified = self.linkage.is_verified(storage_id)
        module = self.loader.verified(data, self.meter, is_verified=is_verified)
        if module.compiled.self_id != runtime_id:
            raise VMError(
                StatusCode.UNKNOWN_INVARIANT_VIOLATION_ERROR,
                message=f"{_text(storage_id)} does not hold {_text(runtime_id)}",
            )
        self.visiting.add(runtime_id)
        self.stack.append(_Visit(storage_id, module, immediate_dependencies(module.compiled)))


def _text(module_id: ModuleId) -> str:
    address, name = module_id
    return f"0x{address.hex().lstrip('0') or '0'}::{name}"


class _DatatypeBuilder:
    """The datatypes of one module, each made after those its fields mention."""

    def __init__(
        self,
        module: CompiledModule,
        dependencies: dict[ModuleId, LoadedModule],
        defining: dict[str, ModuleId],
    ) -> None:
        self.module = module
        self.dependencies = dependencies
        self.defining = defining
        definitions: list[StructDefinition | EnumDefinition] = [*module.struct_defs, *module.enum_defs]
        self.definitions = {self._name(module.datatype_handles[d.handle]): d for d in definitions}
        self.built: dict[str, DatatypeInfo] = {}

    def build(self) -> dict[str, DatatypeInfo]:
        """All datatypes by name."""
        for name in self.definitions:
            self._datatype(name)
        return self.built

    def _name(self, handle: DatatypeHandle) -> str:
        return self.module.identifiers[handle.name]

    def _datatype(self, name: str) -> DatatypeInfo:
        if name not in self.built:
            definition = self.definitions[name]
            handle = self.module.datatype_handles[definition.handle]
            info = DatatypeInfo(
                runtime_id=self.module.self_id,
                defining_id=self.defining[name],
                name=name,
                abilities=handle.abilities,
                type_parameters=handle.type_parameters,
                fields=self._fields(definition.fields or ())
                if isinstance(definition, StructDefinition)
                else None,
                variants=self._variants(definition) if isinstance(definition, EnumDefinition) else None,
            )
            self.built[name] = intern_datatype(info)
            _ = info.depth
        return self.built[name]

    def _variants(self, definition: EnumDefinition) -> tuple[Variant, ...]:
        return tuple(
            Variant(self.module.identifiers[variant.name], self._fields(variant.fields))
            for variant in definition.variants
        )

    def _fields(self, fields: tuple[FieldDefinition, ...]) -> tuple[Field, ...]:
        return tuple(self._field(self.module.identifiers[f.name], f.signature) for f in fields)

    def _field(self, name: str, token: SignatureToken) -> Field:
        return Field(name, type_of_token(token, self._handle))

    def _handle(self, index: int) -> DatatypeInfo:
        handle = self.module.datatype_handles[index]
        module_id = self.module.module_id(self.module.module_handles[handle.module])
        if module_id == self.module.self_id:
            return self._datatype(self._name(handle))
        found = self.dependencies[module_id].datatypes.get(self._name(handle))
        if found is None:
            raise VMError(StatusCode.TYPE_RESOLUTION_FAILURE, message=f"no type {self._name(handle)}")
        return found
