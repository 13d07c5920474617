"""Types are well-formed: references only outermost, constraints satisfied, phantom parameters in their place.

Source: move-bytecode-verifier, signature.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from movelite.bytecode.file_format import AbilitySet, Opcode, abilities_text
from movelite.bytecode.status import IndexKind, StatusCode, VMError
from movelite.verifier import opcode_groups as group
from movelite.verifier.meter import Scope
from movelite.verifier.module_view import FunctionView, ModuleView, Types
from movelite.verifier.type_pool import Kind, Type

_Constraints = tuple[AbilitySet, ...]
_Instances = Sequence[tuple[Types, _Constraints | None]]


def check(view: ModuleView) -> None:
    """Check the signature pool, function handles, fields and the type arguments of instructions.

    Raises: VMError INVALID_SIGNATURE_TOKEN, NUMBER_OF_TYPE_ARGUMENTS_MISMATCH, CONSTRAINT_NOT_SATISFIED,
        INVALID_PHANTOM_TYPE_PARAM_POSITION, or PROGRAM_TOO_COMPLEX when the meter runs out.
    """
    _Signatures(view).check_all()


class _Signatures:
    def __init__(self, view: ModuleView) -> None:
        self.view = view
        module = view.module
        self.constraints: list[_Constraints] = [
            tuple([parameter.constraints for parameter in row.type_parameters])
            for row in module.datatype_handles
        ]
        self.phantom = [
            [parameter.is_phantom for parameter in row.type_parameters] for row in module.datatype_handles
        ]
        self.instances = self._instances()
        self.well_formed: dict[_Constraints, set[Type]] = {}
        self.checked_instances: dict[_Constraints, set[tuple[int, int]]] = {}

    def _instances(self) -> list[_Instances | None]:
        """By opcode: for each operand, the type arguments given and the constraints on them.

        None stands for a vector's element: one type, whatever its abilities.
        """
        view, module = self.view, self.view.module
        signatures, constraints = view.signatures, self.constraints
        structs = [constraints[row.handle] for row in module.struct_defs]
        enums = [constraints[row.handle] for row in module.enum_defs]
        enum_instances: _Instances = [
            (signatures[row.type_parameters], enums[row.definition]) for row in module.enum_def_instantiations
        ]
        entries: list[tuple[Sequence[Opcode], _Instances]] = [
            (
                [Opcode.CALL_GENERIC],
                [
                    (signatures[row.type_parameters], module.function_handles[row.handle].type_parameters)
                    for row in module.function_instantiations
                ],
            ),
            (
                group.STRUCT_GENERIC,
                [
                    (signatures[row.type_parameters], structs[row.definition])
                    for row in module.struct_def_instantiations
                ],
            ),
            (
                group.FIELD_GENERIC,
                [
                    (signatures[row.type_parameters], structs[module.field_handles[row.handle].owner])
                    for row in module.field_instantiations
                ],
            ),
            (
                group.VARIANT_GENERIC,
                [enum_instances[row.enum_def] for row in module.variant_instantiation_handles],
            ),
            (group.VECTOR, [(signature, None) for signature in signatures]),
        ]
        return group.by_opcode(entries, None)

    def check_all(self) -> None:
        view = self.view
        for signature in view.signatures:
            for type_ in signature:
                _check_no_reference(type_.inner if type_.is_reference and type_.inner else type_)
        for index, row in enumerate(view.module.function_handles):
            try:
                self.check_types(view.signatures[row.return_], row.type_parameters)
                self.check_types(view.signatures[row.parameters], row.type_parameters)
            except VMError as error:
                error.indices += [(IndexKind.SIGNATURE, index), (IndexKind.FUNCTION_HANDLE, index)]
                raise
        self.check_struct_fields()
        self.check_variant_fields()
        for function in view.functions:
            if function is not None:
                self.check_function(function)

    def check_struct_fields(self) -> None:
        view = self.view
        for index, (row, fields) in enumerate(zip(view.module.struct_defs, view.struct_fields, strict=True)):
            for position, field in enumerate(fields or ()):
                try:
                    self.check_field(field, row.handle)
                except VMError as error:
                    error.indices += [
                        (IndexKind.FIELD_DEFINITION, position),
                        (IndexKind.STRUCT_DEFINITION, index),
                    ]
                    raise

    def check_variant_fields(self) -> None:
        view = self.view
        for index, (row, variants) in enumerate(zip(view.module.enum_defs, view.variant_fields, strict=True)):
            for tag, fields in enumerate(variants):
                for position, field in enumerate(fields):
                    try:
                        self.check_field(field, row.handle)
                    except VMError as error:
                        error.indices += [
                            (IndexKind.FIELD_DEFINITION, position),
                            (IndexKind.VARIANT_TAG, tag),
                            (IndexKind.ENUM_DEFINITION, index),
                        ]
                        raise

    def check_field(self, field: Type, handle: int) -> None:
        _check_no_reference(field)
        self.check_types((field,), self.constraints[handle])
        self.check_phantom(field, False, self.phantom[handle])

    def check_function(self, function: FunctionView) -> None:
        """The locals' types, and the type arguments of every instruction."""
        unit = function.unit
        type_parameters = function.type_parameters
        checked = self.checked_instances.setdefault(type_parameters, set())
        instances = self.instances
        try:
            self.check_types(self.view.signatures[unit.locals_], type_parameters)
            for opcode, operand, _ in unit.code:
                table = instances[opcode]
                if table is None or (opcode, operand) in checked:
                    continue
                arguments, constraints = table[operand]
                self.check_instance(arguments, constraints, type_parameters)
                checked.add((opcode, operand))
        except VMError as error:
            error.indices += [
                (IndexKind.SIGNATURE, unit.locals_),
                (IndexKind.FUNCTION_DEFINITION, function.index),
            ]
            raise

    def check_instance(
        self, arguments: Types, constraints: _Constraints | None, type_parameters: _Constraints
    ) -> None:
        """Type arguments of an instruction."""
        if constraints is None and len(arguments) != 1:
            raise _wrong_count(1, len(arguments))
        for argument in arguments:
            _check_no_reference(argument)
        if constraints is not None:
            self.check_constraints(arguments, constraints, type_parameters)

    def check_types(self, types: Iterable[Type], type_parameters: _Constraints) -> None:
        """Every datatype inside has arguments that satisfy its constraints."""
        well_formed = self.well_formed.setdefault(type_parameters, set())
        for type_ in types:
            if type_ not in well_formed:
                self.check_type(type_, type_parameters, well_formed)

    def check_type(self, type_: Type, type_parameters: _Constraints, well_formed: set[Type]) -> None:
        if type_.kind is Kind.INSTANTIATION:
            self.check_constraints(type_.arguments, self.constraints[type_.handle], type_parameters)
        for part in type_.arguments if type_.inner is None else (type_.inner,):
            if part not in well_formed:
                self.check_type(part, type_parameters, well_formed)
        well_formed.add(type_)

    def check_constraints(
        self, arguments: Types, constraints: Sequence[AbilitySet], type_parameters: _Constraints
    ) -> None:
        if len(arguments) != len(constraints):
            raise _wrong_count(len(constraints), len(arguments))
        abilities = self.view.ability_cache.in_scope(type_parameters, Scope.MODULE)
        for argument, constraint in zip(arguments, constraints, strict=True):
            given = abilities(argument)
            if constraint & ~given:
                raise VMError(
                    StatusCode.CONSTRAINT_NOT_SATISFIED,
                    message=f"expected type with abilities {abilities_text(constraint)} got type actual "
                    f"{argument.debug_text} with incompatible abilities {abilities_text(given)}",
                )

    def check_phantom(self, type_: Type, is_phantom_position: bool, phantom: list[bool]) -> None:
        """Phantom type parameters occur only as arguments for phantom parameters."""
        if type_.max_parameter < 0:
            return
        if type_.kind is Kind.PARAMETER:
            if phantom[type_.parameter] and not is_phantom_position:
                raise VMError(
                    StatusCode.INVALID_PHANTOM_TYPE_PARAM_POSITION,
                    message="phantom type parameter cannot be used in non-phantom position",
                )
        elif type_.inner is not None:
            self.check_phantom(type_.inner, False, phantom)
        else:
            for argument, is_phantom in zip(type_.arguments, self.phantom[type_.handle], strict=True):
                self.check_phantom(argument, is_phantom, phantom)


def _check_no_reference(type_: Type) -> None:
    if type_.holds_reference:
        raise VMError(StatusCode.INVALID_SIGNATURE_TOKEN, message="reference not allowed")


def _wrong_count(expected: int, given: int) -> VMError:
    return VMError(
        StatusCode.NUMBER_OF_TYPE_ARGUMENTS_MISMATCH,
        message=f"expected {expected} type argument(s), got {given}",
    )
