"""Linking: what a module says about others is what those say about themselves; nobody depends in circles.

Whether native functions exist is the VM's to know.
Source: move-bytecode-verifier, dependencies and cyclic_dependencies.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from movelite.bytecode.file_format import (
    AbilitySet,
    CompiledModule,
    Datatype,
    DatatypeHandle,
    DatatypeInstantiation,
    DatatypeTypeParameter,
    FunctionHandle,
    MutableReference,
    Reference,
    SignatureToken,
    Vector,
    Visibility,
)
from movelite.bytecode.status import IndexKind, StatusCode, VMError
from movelite.verifier.errors import index_error

ModuleId = tuple[bytes, str]
"""(address, name)."""


def immediate_dependencies(module: CompiledModule) -> list[ModuleId]:
    """Ids of the modules that a module's handles name, except itself."""
    own = module.self_module_handle_idx
    return [module.module_id(handle) for index, handle in enumerate(module.module_handles) if index != own]


def verify_linkage(module: CompiledModule, dependencies: Iterable[Exports]) -> None:
    """Check a module's handles against the definitions in its dependencies.

    Precondition: all modules passed the verifier. dependencies: of all the immediate ones.
    Raises: VMError MISSING_DEPENDENCY, LOOKUP_FAILED or TYPE_MISMATCH.
    """
    own_id = module.self_id
    try:
        _Linker(module, {other.self_id: other for other in dependencies if other.self_id != own_id}).check()
    except VMError as error:
        error.location = own_id
        raise


class Exports:
    """What a module declares, by name. To be made once for all that import it: they may be many, and name
    little of it.
    """

    def __init__(self, module: CompiledModule) -> None:
        self.module = module
        self.self_id = module.self_id
        names = module.identifiers
        definitions = [row.handle for row in module.struct_defs] + [row.handle for row in module.enum_defs]
        handles = [module.datatype_handles[handle] for handle in definitions]
        self.datatypes: dict[str, DatatypeHandle] = {names[handle.name]: handle for handle in handles}
        self._friends = {module.module_id(friend) for friend in module.friend_decls}
        self._functions: dict[str, tuple[FunctionHandle, Visibility]] = {}
        for definition in module.function_defs:
            function = module.function_handles[definition.function]
            self._functions[names[function.name]] = function, definition.visibility

    def function(self, name: str, importer: ModuleId) -> FunctionHandle | None:
        """The function of that name, if there is one that the importing module may call."""
        handle, visibility = self._functions.get(name, (None, Visibility.PRIVATE))
        is_callable = visibility == Visibility.PUBLIC or (
            visibility == Visibility.FRIEND and importer in self._friends
        )
        return handle if is_callable else None


class _Linker:
    def __init__(self, module: CompiledModule, dependencies: dict[ModuleId, Exports]) -> None:
        self._module = module
        self._self_id = module.self_id
        self._dependencies = dependencies
        self._exports: dict[int, Exports] = {}
        """By module handle."""
        self._same_rows: dict[tuple[int, int], int] = {}
        """Module handles with rows of types here, and which of that module is the same."""

    def check(self) -> None:
        module = self._module
        own = module.self_module_handle_idx
        for index, handle in enumerate(module.module_handles):
            if index == own:
                continue
            dependency = self._dependencies.get(module.module_id(handle))
            if dependency is None:
                raise index_error(StatusCode.MISSING_DEPENDENCY, IndexKind.MODULE_HANDLE, index)
            self._exports[index] = dependency
        for index, datatype in enumerate(module.datatype_handles):
            if datatype.module != own:
                self._check_datatype(index, datatype)
        for index, function in enumerate(module.function_handles):
            if function.module != own:
                self._check_function(index, function)

    def _check_datatype(self, index: int, handle: DatatypeHandle) -> None:
        """A handle may claim fewer abilities than are declared, and ask more of type arguments."""
        exports = self._exports[handle.module]
        declared = exports.datatypes.get(self._module.identifiers[handle.name])
        if declared is None:
            raise index_error(StatusCode.LOOKUP_FAILED, IndexKind.DATATYPE_HANDLE, index)
        if handle.abilities & ~declared.abilities or not _are_parameters_compatible(
            handle.type_parameters, declared.type_parameters
        ):
            raise index_error(StatusCode.TYPE_MISMATCH, IndexKind.DATATYPE_HANDLE, index)

    def _check_function(self, index: int, handle: FunctionHandle) -> None:
        module = self._module
        exports = self._exports[handle.module]
        declared = exports.function(module.identifiers[handle.name], self._self_id)
        if declared is None:
            raise index_error(StatusCode.LOOKUP_FAILED, IndexKind.FUNCTION_HANDLE, index)
        if not (
            _are_constraints_compatible(handle.type_parameters, declared.type_parameters)
            and self._are_same_rows(handle.module, handle.parameters, declared.parameters)
            and self._are_same_rows(handle.module, handle.return_, declared.return_)
        ):
            raise index_error(StatusCode.TYPE_MISMATCH, IndexKind.FUNCTION_HANDLE, index)

    def _are_same_rows(self, module: int, row: int, other_row: int) -> bool:
        """Whether a row of types is the same as one of another module. Thousands of functions may share a
        large one.
        """
        if self._same_rows.get((module, row)) != other_row:
            other = self._exports[module].module
            if not self._are_same(self._module.signatures[row], other, other.signatures[other_row]):
                return False
            self._same_rows[module, row] = other_row
        return True

    def _are_same(
        self,
        tokens: Sequence[SignatureToken],
        other: CompiledModule,
        other_tokens: Sequence[SignatureToken],
    ) -> bool:
        """Whether types of this module are the same as types of another, datatypes compared by name."""
        if len(tokens) != len(other_tokens):
            return False
        pairs = list(zip(tokens, other_tokens, strict=True))
        while pairs:
            match pairs.pop():
                case (
                    (Reference(inner), Reference(other_inner))
                    | (MutableReference(inner), MutableReference(other_inner))
                    | (Vector(inner), Vector(other_inner))
                ):
                    pairs.append((inner, other_inner))
                case (Datatype(handle), Datatype(other_handle)):
                    if not self._is_same_datatype(handle, other, other_handle):
                        return False
                case (
                    DatatypeInstantiation(handle, arguments),
                    DatatypeInstantiation(other_handle, other_arguments),
                ):
                    if not self._is_same_datatype(handle, other, other_handle):
                        return False
                    if len(arguments) != len(other_arguments):
                        return False
                    pairs.extend(zip(arguments, other_arguments, strict=True))
                case (token, other_token):
                    # Primitives and type parameters; two different shapes are never equal.
                    if type(token) is not type(other_token) or token != other_token:
                        return False
        return True

    def _is_same_datatype(self, handle: int, other: CompiledModule, other_handle: int) -> bool:
        return _datatype_name(self._module, handle) == _datatype_name(other, other_handle)


def _datatype_name(module: CompiledModule, handle: int) -> tuple[ModuleId, str]:
    row = module.datatype_handles[handle]
    return module.module_id(module.module_handles[row.module]), module.identifiers[row.name]


def _are_constraints_compatible(claimed: Sequence[AbilitySet], declared: Sequence[AbilitySet]) -> bool:
    """As many, and each asks at least what is declared."""
    return len(claimed) == len(declared) and not any(
        theirs & ~mine for mine, theirs in zip(claimed, declared, strict=True)
    )


def _are_parameters_compatible(
    claimed: Sequence[DatatypeTypeParameter], declared: Sequence[DatatypeTypeParameter]
) -> bool:
    """Also, a parameter that is claimed to be phantom is."""
    return _are_constraints_compatible(
        [parameter.constraints for parameter in claimed], [parameter.constraints for parameter in declared]
    ) and not any(
        mine.is_phantom and not theirs.is_phantom for mine, theirs in zip(claimed, declared, strict=True)
    )
