"""Lints of IOTA about declarations, and about comparing collections."""

from __future__ import annotations

from .. import typed_tree as T
from ..codes import Lint
from ..diagnostics import Diagnostics, diag
from ..source import Loc
from ..syntax_tree import VisibilityKind
from ..types import AbilitySet, DatatypeType, ReferenceType, Type
from ..typing.walk import walk

_COLLECTIONS = {
    ("bag", "Bag"),
    ("object_bag", "ObjectBag"),
    ("table", "Table"),
    ("object_table", "ObjectTable"),
    ("linked_table", "LinkedTable"),
    ("table_vec", "TableVec"),
    ("vec_map", "VecMap"),
    ("vec_set", "VecSet"),
}
_RANDOM = {"Random", "RandomGenerator"}


def iota_path(type_: Type) -> tuple[str, str] | None:
    """Module and name of a datatype of the iota package, references aside."""
    while isinstance(type_, ReferenceType):
        type_ = type_.inner
    if isinstance(type_, DatatypeType) and type_.module.plain_address_name == "iota":
        return type_.module.name, type_.name
    return None


def lint_module(module: T.Module, diagnostics: Diagnostics, is_all: bool) -> None:
    """Fields of type Coin, ids without key, public functions that take randomness, comparing collections."""
    in_tests = module.attributes.is_test_or_test_only
    for struct in module.structs.values():
        with diagnostics.filtered(struct.filters):
            name_loc = module.named.structs[struct.name].name.loc
            _lint_struct(struct, name_loc, diagnostics, in_tests or struct.attributes.is_test_or_test_only)
    for function in module.functions.values():
        with diagnostics.filtered(function.filters):
            is_test = in_tests or function.attributes.is_test_or_test_only
            if function.visibility is VisibilityKind.PUBLIC:
                if not is_test and module.ident.plain_address_name != "iota":
                    _lint_random(function, diagnostics)
                if is_all and (module.ident.plain_address_name, module.ident.name) != ("iota", "tx_context"):
                    _lint_context(function, diagnostics)
            _lint_comparisons(function, diagnostics)


def _lint_struct(struct: T.Struct, name_loc: Loc, diagnostics: Diagnostics, is_test: bool) -> None:
    fields = struct.fields or []
    for field in fields:
        if not is_test and iota_path(field.type) == ("coin", "Coin"):
            message = f"The field '{field.name}' of '{struct.name}' has type 'iota::coin::Coin'"
            advice = "Storing 'iota::balance::Balance' in this field will typically be more space-efficient"
            diagnostics.add(diag(Lint.CoinField, (name_loc, message), (field.loc, advice)))
    has_id = bool(fields) and fields[0].name == "id" and iota_path(fields[0].type) == ("object", "UID")
    if has_id and not struct.abilities & AbilitySet.KEY:
        message = (
            "Struct's first field has an 'id' field of type 'iota::object::UID' "
            "but is missing the 'key' ability."
        )
        diagnostics.add(diag(Lint.MissingKey, (struct.loc, message)))


def _lint_random(function: T.Function, diagnostics: Diagnostics) -> None:
    for parameter in function.named.parameters:
        path = iota_path(parameter.type.type)
        if path is not None and path[0] == "random" and path[1] in _RANDOM:
            message = f"'public' function '{function.name}' accepts '{path[1]}' as a parameter"
            risk = (
                f"Functions that accept 'iota::random::{path[1]}' as a parameter might be abused by "
                "attackers by inspecting the results of randomness"
            )
            notes = [risk, "Non-public functions are preferred"]
            diagnostics.add(diag(Lint.PublicRandom, (parameter.type.loc, message), notes=notes))


def _lint_context(function: T.Function, diagnostics: Diagnostics) -> None:
    for parameter in function.named.parameters:
        type_ = parameter.type.type
        if not isinstance(type_, ReferenceType) or type_.mutable:
            continue
        if iota_path(type_) == ("tx_context", "TxContext"):
            message = (
                "'public' functions should prefer '&mut TxContext' over '&TxContext' "
                "for better upgradability."
            )
            note = (
                "When upgrading, the public function cannot be modified to take '&mut TxContext' instead "
                "of '&TxContext'. As such, it is recommended to consider using '&mut TxContext' to "
                "future-proof the function."
            )
            primary = (parameter.type.loc, message)
            diagnostics.add(diag(Lint.PreferMutableTxContext, primary, notes=[note]))


def _lint_comparisons(function: T.Function, diagnostics: Diagnostics) -> None:
    equality = (T.BinaryOperator.EQUAL, T.BinaryOperator.NOT_EQUAL)
    for e in walk(function.body):
        if not isinstance(e, T.Binary) or e.operator not in equality:
            continue
        path = iota_path(e.operand_type)
        if path not in _COLLECTIONS or path is None:
            continue
        name = f"iota::{path[0]}::{path[1]}"
        message = f"Comparing collections of type '{name}' may yield unexpected result."
        note = f"Equality for collections of type '{name}' IS NOT a structural check based on content"
        diagnostics.add(diag(Lint.CollectionEquality, (e.operator_loc or e.loc, message), notes=[note]))
