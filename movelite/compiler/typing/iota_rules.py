"""The extra rules of IOTA on typed modules: objects, `init`, one-time witnesses, entry functions, events
and private transfers."""

from __future__ import annotations

from .. import named_tree as N
from .. import typed_tree as T
from ..codes import Iota
from ..diagnostics import Diagnostic, diag
from ..editions import Flavor
from ..source import Loc
from ..types import (
    UNIT,
    AbilitySet,
    BuiltinType,
    DatatypeType,
    ErrorType,
    ModuleIdent,
    ParameterType,
    Type,
    format_type,
)
from .abilities import each_ability
from .context import Body, ProgramContext
from .iota_entry import check_entry_signature, is_tx_context
from .walk import walk

WITNESS_NOTE = (
    "One-time witness types are structs with the following requirements: "
    "their name is the upper-case version of the module's name, "
    "they have no fields (or a single boolean field), "
    "they have no type parameters, "
    "and they have only the 'drop' ability."
)
PRIVATE_ACCOUNT_CALLS = frozenset(
    {"create_account_v1", "create_immutable_account_v1", "rotate_auth_function_ref_v1"}
)
PRIVATE_TRANSFERS = frozenset({"transfer", "freeze_object", "share_object", "receive"})
BRIDGED_ASSETS = frozenset({"btc", "eth", "usdc", "usdt"})


def is_named(module: ModuleIdent, address: str, name: str) -> bool:
    """Whether a module has this name under this named address."""
    return module.name == name and module.plain_address_name == address


def check_iota_rules(program: ProgramContext, module: T.Module) -> None:
    """Check one of the user's own modules."""
    if module.named.package.flavor is not Flavor.IOTA or module.target is not N.TargetKind.SOURCE:
        return
    diagnostics = program.diagnostics
    with diagnostics.filtered(module.named.package.filters), diagnostics.filtered(module.filters):
        _Rules(program, module).check()


class _Rules:
    def __init__(self, program: ProgramContext, module: T.Module) -> None:
        self._program = program
        self._module = module
        self._witness_name = module.ident.name.upper()
        self._witness_checked = False
        self._witness: str | None = None

    def _report(self, diagnostic: Diagnostic) -> None:
        self._program.diagnostics.add(diagnostic)

    def check(self) -> None:
        """Every rule, declarations first."""
        named = self._module.named
        candidate = named.structs.get(self._witness_name)
        if candidate is not None and _wrong_witness_field(candidate) is None:
            self._check_witness(candidate, None)
        init = named.functions.get("init")
        if init is not None:
            self._check_init_signature(init)
        for struct in named.structs.values():
            self._check_object(struct)
        for enum in named.enums.values():
            if enum.abilities & AbilitySet.KEY:
                loc = enum.ability_locs.get(AbilitySet.KEY, enum.name.loc)
                label = (loc, "Enums cannot have the 'key' ability.")
                primary = (enum.name.loc, f"Invalid object '{enum.name}'")
                self._report(diag(Iota.ObjectDecl, primary, label))
        for function in self._module.functions.values():
            with self._program.diagnostics.filtered(function.filters):
                self._check_function(function)

    # --- declarations ---

    def _check_object(self, struct: N.StructDef) -> None:
        if not struct.abilities & AbilitySet.KEY or struct.fields is None:
            return
        first = struct.fields[0] if struct.fields else None
        if first is None or first.name.text != "id":
            loc = struct.name.loc if first is None else first.name.loc
            self._report(_invalid_object(struct, loc))
            return
        type_ = first.type.type
        if not _is_datatype(type_, "iota", "object", "UID"):
            result = _invalid_object(struct, first.name.loc)
            result.label(first.type.loc, f"But found type: '{format_type(type_)}'")
            self._report(result)

    def _check_witness(self, struct: N.StructDef, usage: Loc | None) -> None:
        """The struct has the name of a one-time witness: it must be one."""
        if self._witness_checked:
            return
        self._witness_checked = True
        problems: list[tuple[Loc, str]] = []
        if struct.type_parameters:
            where = struct.type_parameters[0].name.loc
            problems.append((where, "One-time witness types cannot have type parameters"))
        field_problem = _wrong_witness_field(struct)
        if field_problem is not None:
            problems.append(field_problem)
        if struct.abilities != AbilitySet.DROP:
            others = [a for a in each_ability(struct.abilities) if a is not AbilitySet.DROP]
            where = struct.ability_locs.get(others[0], struct.name.loc) if others else struct.name.loc
            problems.append((where, "One-time witness types can only have the have the 'drop' ability"))
        for problem in problems:
            result = diag(Iota.OtwDecl, (struct.name.loc, "Invalid one-time witness declaration"), problem)
            if usage is not None:
                result.label(usage, "Attempted usage as a one-time witness here")
            self._report(result.note(WITNESS_NOTE))
        if not problems:
            self._witness = struct.name.text

    def _invalid_init(self, init: N.FunctionDef, loc: Loc, message: str) -> Diagnostic:
        return diag(Iota.InitFun, (init.name.loc, "Invalid 'init' function declaration"), (loc, message))

    def _check_init_signature(self, init: N.FunctionDef) -> None:
        if init.type_parameters:
            loc = init.type_parameters[0].name.loc
            self._report(self._invalid_init(init, loc, "'init' functions cannot have type parameters"))
        if init.result.type != UNIT:
            message = "'init' functions must have a return type of '()'"
            self._report(self._invalid_init(init, init.result.loc, message))
        parameters = init.parameters
        last = parameters[-1].type if parameters else None
        has_context = last is not None and is_tx_context(last.type)
        if not has_context:
            message = (
                "'init' functions must have their last parameter as "
                "'&iota::tx_context::TxContext' or '&mut iota::tx_context::TxContext'"
            )
            self._report(self._invalid_init(init, last.loc if last is not None else init.name.loc, message))
        if len(parameters) == 1 and self._witness_checked and has_context:
            self._report_missing_witness(init)
        elif len(parameters) > 1:
            self._check_witness_parameter(init)
        if len(parameters) > 2:
            message = "'init' functions can have at most two parameters"
            self._report(self._invalid_init(init, parameters[2].variable.loc, message))

    def _report_missing_witness(self, init: N.FunctionDef) -> None:
        struct = self._module.named.structs[self._witness_name]
        message = (
            "Invalid first parameter to 'init'. Expected this module's one-time witness type "
            f"'{self._module.ident}::{self._witness_name}'"
        )
        label = (struct.name.loc, "One-time witness declared here")
        primary = (init.parameters[0].type.loc, message)
        self._report(diag(Iota.InitFun, primary, label).note(WITNESS_NOTE))

    def _check_witness_parameter(self, init: N.FunctionDef) -> None:
        first = init.parameters[0]
        type_ = first.type.type
        if isinstance(type_, ErrorType):
            return
        is_witness = (
            isinstance(type_, DatatypeType)
            and type_.module == self._module.ident
            and type_.name == self._witness_name
        )
        if not is_witness:
            message = (
                f"Invalid parameter '{first.variable.name}' of type '{format_type(type_)}'. Expected a "
                f"one-time witness type, '{self._module.ident}::{self._witness_name}"
            )
            self._report(self._invalid_init(init, first.type.loc, message).note(WITNESS_NOTE))
            return
        struct = self._module.named.structs.get(self._witness_name)
        if struct is not None:
            self._check_witness(struct, first.type.loc)

    # --- functions ---

    def _check_function(self, function: T.Function) -> None:
        definition = function.named
        in_test = self._module.attributes.is_test_or_test_only or function.attributes.is_test_or_test_only
        if function.name == "init":
            if definition.visibility.loc is not None:
                message = "'init' functions must be internal to their module"
                self._report(self._invalid_init(definition, definition.visibility.loc, message))
            if definition.entry_loc is not None:
                message = "'init' functions cannot be 'entry' functions"
                self._report(self._invalid_init(definition, definition.entry_loc, message))
        if definition.entry_loc is not None:
            check_entry_signature(Body(self._program, self._module.named, definition), function)
        for expression in walk(function.body):
            if isinstance(expression, T.Call):
                self._check_call(function, expression, in_test)
            elif isinstance(expression, T.Pack) and expression.variant is None and not in_test:
                self._check_pack(expression)

    def _check_pack(self, pack: T.Pack) -> None:
        ident = self._module.ident
        if pack.name != self._witness or pack.module != ident or is_named(ident, "iota", "iota"):
            return
        if ident.plain_address_name == "bridge" and ident.name in BRIDGED_ASSETS:
            return
        message = (
            "Invalid one-time witness construction. One-time witness types "
            "cannot be created manually, but are passed as an argument 'init'"
        )
        self._report(diag(Iota.OtwUsage, (pack.loc, message)).note(WITNESS_NOTE))

    def _check_call(self, function: T.Function, call: T.Call, in_test: bool) -> None:
        if call.name == "init" and not in_test:
            message = f"Invalid call to '{call.module}::init'. Module initializers cannot be called directly"
            note = (
                "Module initializers are called implicitly upon publishing. "
                "If you need to reuse this function (or want to call it from a test), "
                "consider extracting the logic into a new function and calling that instead."
            )
            self._report(diag(Iota.InitCall, (call.loc, message)).note(note))
        if not call.type_arguments:
            return
        first = call.type_arguments[0]
        is_own = isinstance(first, DatatypeType) and first.module == self._module.ident
        if is_own:
            return
        if is_named(call.module, "iota", "event") and call.name == "emit":
            message = (
                f"Invalid event. The function '{call.module}::{call.name}' must be called with a type "
                "defined in the current module"
            )
            text = f"The type '{format_type(first)}' is not declared in the current module"
            label = (first.loc or call.loc, text)
            self._report(diag(Iota.EventEmitCall, (call.loc, message), label))
        elif is_named(call.module, "iota", "transfer") and call.name in PRIVATE_TRANSFERS:
            self._report_private_transfer(function, call, first)
        elif is_named(call.module, "iota", "account") and call.name in PRIVATE_ACCOUNT_CALLS:
            self._report_private_account_call(call, first)

    def _report_private_account_call(self, call: T.Call, first: Type) -> None:
        message = (
            f"Invalid private account call. The function '{call.module}::{call.name}' is restricted to being "
            "called in the object's module"
        )
        if isinstance(first, DatatypeType):
            message += f", '{first.module}'"
        text = f"The type '{format_type(first)}' is not declared in the current module"
        self._report(diag(Iota.PrivateAccountCall, (call.loc, message), (first.loc or call.loc, text)))

    def _report_private_transfer(self, function: T.Function, call: T.Call, first: Type) -> None:
        if is_named(self._module.ident, "iota", "transfer"):
            return
        message = (
            f"Invalid private transfer. The function '{call.module}::{call.name}' is restricted to being "
            "called in the object's module"
        )
        if isinstance(first, DatatypeType):
            message += f", '{first.module}'"
        text = f"The type '{format_type(first)}' is not declared in the current module"
        label = (first.loc or call.loc, text)
        result = diag(Iota.PrivateTransferCall, (call.loc, message), label)
        if self._program.abilities.has(first, AbilitySet.STORE):
            advice = f"The object has 'store' so '{call.module}::public_{call.name}' can be called instead"
            result.label(self._store_loc(function, first) or call.loc, advice)
        self._report(result)

    def _store_loc(self, function: T.Function, type_: Type) -> Loc | None:
        if isinstance(type_, ParameterType):
            for declared_parameter in function.named.type_parameters:
                if declared_parameter.parameter == type_.parameter:
                    return declared_parameter.ability_locs.get(AbilitySet.STORE)
        if isinstance(type_, DatatypeType):
            declared = self._program.named.datatype(N.MemberId(type_.module, type_.name))
            return declared.ability_locs.get(AbilitySet.STORE)
        return None


def _is_datatype(type_: Type, address: str, module: str, name: str) -> bool:
    return isinstance(type_, DatatypeType) and type_.name == name and is_named(type_.module, address, module)


def _wrong_witness_field(struct: N.StructDef) -> tuple[Loc, str] | None:
    """The first field that a one-time witness cannot have."""
    rule = "One-time witness types must have no fields, or exactly one field of type 'bool'"
    fields = struct.fields or []
    if fields and fields[0].type.type != BuiltinType("bool"):
        return fields[0].name.loc, rule
    if len(fields) > 1:
        return fields[1].name.loc, f"Found more than one field. {rule}"
    return None


def _invalid_object(struct: N.StructDef, loc: Loc) -> Diagnostic:
    message = (
        f"Invalid object '{struct.name}'. Structs with the 'key' ability must have "
        "'id: iota::object::UID' as their first field"
    )
    key = struct.ability_locs.get(AbilitySet.KEY, struct.name.loc)
    return diag(
        Iota.ObjectDecl, (loc, message), (key, "The 'key' ability is used to declare objects in Iota")
    )
