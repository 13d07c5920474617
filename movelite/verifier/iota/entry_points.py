"""`init` has the form the network calls it in and nobody else calls it; entry functions take what a
transaction can give and return what can be dropped. Source: iota-verifier, entry_points_verifier.
"""

from __future__ import annotations

from collections.abc import Collection

from movelite.bytecode.file_format import (
    DROP,
    KEY,
    AbilitySet,
    CompiledModule,
    Datatype,
    DatatypeInstantiation,
    FunctionDefinition,
    MutableReference,
    Opcode,
    Primitive,
    Reference,
    SignatureToken,
    TypeParameter,
    Vector,
    Visibility,
)
from movelite.verifier.abilities import AbilityCache
from movelite.verifier.iota import names
from movelite.verifier.iota.errors import IotaVerificationError
from movelite.verifier.meter import Meter, Scope
from movelite.verifier.module_view import ModuleView
from proto.ids import IOTA_FRAMEWORK_ADDRESS

_CALL = int(Opcode.CALL)
_CALL_GENERIC = int(Opcode.CALL_GENERIC)
_PURE_DATATYPES = (names.ID, names.ASCII_STRING, names.UTF8_STRING)


def check(view: ModuleView, test_functions: Collection[str]) -> None:
    """Check calls of `init`, the declaration of `init`, and every entry function.

    test_functions may call `init`.
    Raises: IotaVerificationError.
    """
    module = view.module
    entry_functions = _EntryFunctions(view)
    for definition in module.function_defs:
        name = module.identifiers[module.function_handles[definition.function].name]
        if name not in test_functions:
            _check_init_not_called(module, definition)
        if name == names.INIT:
            _check_init(module, definition)
        elif definition.is_entry:
            entry_functions.check(definition)


def _check_init_not_called(module: CompiledModule, definition: FunctionDefinition) -> None:
    if definition.code is None:
        return
    for offset, (opcode, operand, _) in enumerate(definition.code.code):
        if opcode == _CALL:
            handle = operand
        elif opcode == _CALL_GENERIC:
            handle = module.function_instantiations[operand].handle
        else:
            continue
        if module.identifiers[module.function_handles[handle].name] == names.INIT:
            raise IotaVerificationError(
                f"{names.format_module_id(module)}::init at offset {offset}. "
                "Cannot call a module's 'init' function from another Move function"
            )


def _check_init(module: CompiledModule, definition: FunctionDefinition) -> None:
    """The witness, if there is one, is checked by the one-time witness pass."""
    this = names.format_module_id(module)
    handle = module.function_handles[definition.function]
    parameters = module.signatures[handle.parameters]
    if definition.visibility != Visibility.PRIVATE:
        raise IotaVerificationError(f"{this}. 'init' function must be private")
    if definition.is_entry:
        raise IotaVerificationError(f"{this}. 'init' cannot be 'entry'")
    if handle.type_parameters:
        raise IotaVerificationError(f"{this}. 'init' function cannot have type parameters")
    if module.signatures[handle.return_]:
        raise IotaVerificationError(f"{this}, 'init' function cannot have return values")
    if not 1 <= len(parameters) <= 2:
        raise IotaVerificationError(f"Expected at least one and at most two parameters for {this}::init")
    if not names.is_tx_context(module, parameters[-1]):
        context = f"{IOTA_FRAMEWORK_ADDRESS.hex()}::tx_context::TxContext"
        raise IotaVerificationError(
            f"Expected last parameter for {this}::init to be &mut {context} or &{context}, "
            f"but found {names.format_token(module, parameters[0])}"
        )


class _EntryFunctions:
    """Checks entry functions of one module."""

    def __init__(self, view: ModuleView) -> None:
        self._module = view.module
        self._pool = view.pool
        # The official pass does not meter this.
        self._ability_cache = AbilityCache(view.module, Meter())

    def check(self, definition: FunctionDefinition) -> None:
        """Check an entry function's parameters, except a context in the last place, and results."""
        module = self._module
        handle = module.function_handles[definition.function]
        parameters = module.signatures[handle.parameters]
        if parameters and names.is_tx_context(module, parameters[-1]):
            parameters = parameters[:-1]
        for parameter in parameters:
            self._check_parameter(parameter, handle.type_parameters)
        for result in module.signatures[handle.return_]:
            self._check_result(result, handle.type_parameters)

    def _abilities(self, token: SignatureToken, type_parameters: tuple[AbilitySet, ...]) -> AbilitySet:
        return self._ability_cache.in_scope(type_parameters, Scope.TRANSACTION)(self._pool.intern(token))

    def _check_result(self, token: SignatureToken, type_parameters: tuple[AbilitySet, ...]) -> None:
        if isinstance(token, Reference | MutableReference):
            raise IotaVerificationError("Invalid entry point return type. Expected a non reference type.")
        if not self._abilities(token, type_parameters) & DROP:
            raise IotaVerificationError(
                "Invalid entry point return type. The specified return type does not have the 'drop' "
                f"ability: {names.format_token(self._module, token)}"
            )

    def _check_parameter(self, token: SignatureToken, type_parameters: tuple[AbilitySet, ...]) -> None:
        for system_object in (names.CLOCK, names.RANDOM):
            if self._takes_mutably(token, system_object):
                raise IotaVerificationError(
                    f"Invalid entry point parameter type. {system_object[2]} must be passed by immutable "
                    f"reference. got: {names.format_token(self._module, token)}"
                )
        if not (
            self._is_pure(token, type_parameters)
            or self._is_object(token, type_parameters)
            or self._is_receiving(token)
        ):
            raise IotaVerificationError(
                "Invalid entry point parameter type. Expected primitive or object type. "
                f"Got: {names.format_token(self._module, token)}"
            )

    def _takes_mutably(self, token: SignatureToken, system_object: names.QualifiedName) -> bool:
        """Whether a type is the system object itself or a mutable reference to it."""
        if isinstance(token, MutableReference):
            token = token.inner
        return (
            isinstance(token, Datatype) and names.datatype_name(self._module, token.handle) == system_object
        )

    def _is_pure(self, token: SignatureToken, type_parameters: tuple[AbilitySet, ...]) -> bool:
        """Whether values of a type can be given as bytes. Recurses into vectors and options."""
        match token:
            case Primitive():
                return token is not Primitive.SIGNER
            case TypeParameter(index):
                return not type_parameters[index] & KEY
            case Datatype(handle):
                return names.datatype_name(self._module, handle) in _PURE_DATATYPES
            case DatatypeInstantiation(handle, (argument,)):
                is_option = names.datatype_name(self._module, handle) == names.STD_OPTION
                return is_option and self._is_pure(argument, type_parameters)
            case Vector(inner):
                return self._is_pure(inner, type_parameters)
            case _:
                return False

    def _is_object(self, token: SignatureToken, type_parameters: tuple[AbilitySet, ...]) -> bool:
        """Whether a type is an object, a reference to one, or a vector of objects."""
        if isinstance(token, Reference | MutableReference | Vector):
            token = token.inner
        match token:
            case TypeParameter() | Datatype() | DatatypeInstantiation():
                return bool(self._abilities(token, type_parameters) & KEY)
            case _:
                return False

    def _is_receiving(self, token: SignatureToken) -> bool:
        """Whether a type is `Receiving<T>` or a reference to one."""
        if isinstance(token, Reference | MutableReference):
            token = token.inner
        match token:
            case DatatypeInstantiation(handle, (_,)):
                return names.datatype_name(self._module, handle) == names.RECEIVING
            case _:
                return False
