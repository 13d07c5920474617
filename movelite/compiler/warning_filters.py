"""Which warnings `#[allow(...)]` silences, by name and by scope."""

from __future__ import annotations

from dataclasses import dataclass

from .codes import (
    LINT_PREFIX,
    Code,
    Declarations,
    Lint,
    Severity,
    TypeSafety,
    UnusedItem,
)

FilterKey = tuple[str, int | None, int | None]
"""(prefix, category, number); None stands for every one."""


def _exact(code: Code) -> frozenset[FilterKey]:
    return frozenset({(code.prefix, code.category, code.number)})


KNOWN_FILTERS: dict[str, frozenset[FilterKey]] = {
    "all": frozenset({("", None, None)}),
    "unused": frozenset({("", UnusedItem.Alias.category, None)}),
    "missing_phantom": _exact(Declarations.InvalidNonPhantomUse),
    "unused_use": _exact(UnusedItem.Alias),
    "unused_variable": _exact(UnusedItem.Variable),
    "unused_assignment": _exact(UnusedItem.Assignment),
    "unused_trailing_semi": _exact(UnusedItem.TrailingSemi),
    "unused_attribute": _exact(UnusedItem.Attribute),
    "unused_function": _exact(UnusedItem.Function),
    "unused_field": _exact(UnusedItem.StructField),
    "unused_type_parameter": _exact(UnusedItem.StructTypeParam) | _exact(UnusedItem.FunTypeParam),
    "unused_const": _exact(UnusedItem.Constant),
    "dead_code": _exact(UnusedItem.DeadCode),
    "unused_let_mut": _exact(UnusedItem.MutModifier),
    "unused_mut_ref": _exact(UnusedItem.MutReference),
    "unused_mut_parameter": _exact(UnusedItem.MutParam),
    "implicit_const_copy": _exact(TypeSafety.ImplicitConstantCopy),
    "duplicate_alias": _exact(Declarations.DuplicateAlias),
    "deprecated_usage": _exact(TypeSafety.DeprecatedUsage),
}
"""Names inside `#[allow(...)]`."""

KNOWN_LINT_FILTERS: dict[str, frozenset[FilterKey]] = {
    "constant_naming": _exact(Lint.ConstantNaming),
    "while_true": _exact(Lint.WhileTrue),
}
"""Names inside `#[allow(lint(...))]` in every flavour."""

IOTA_LINT_FILTERS: dict[str, frozenset[FilterKey]] = {
    "all": frozenset({(LINT_PREFIX, None, None)}),
    "share_owned": _exact(Lint.ShareOwned),
    "self_transfer": _exact(Lint.SelfTransfer),
    "custom_state_change": _exact(Lint.CustomStateChange),
    "coin_field": _exact(Lint.CoinField),
    "freeze_wrapped": _exact(Lint.FreezeWrapped),
    "collection_equality": _exact(Lint.CollectionEquality),
    "public_random": _exact(Lint.PublicRandom),
    "missing_key": _exact(Lint.MissingKey),
    "freezing_capability": _exact(Lint.FreezingCapability),
    "prefer_mut_tx_context": _exact(Lint.PreferMutableTxContext),
}
"""Names inside `#[allow(lint(...))]` that IOTA adds."""

_LINTS = {**KNOWN_LINT_FILTERS, **IOTA_LINT_FILTERS}
_NAME_OF_KEY: dict[FilterKey, str] = {
    **{k: n for n, keys in KNOWN_FILTERS.items() for k in keys if k[2] is not None},
    **{k: f"lint({n})" for n, keys in _LINTS.items() for k in keys if k[2] is not None},
}


def allow_name(code: Code) -> str | None:
    """What to write inside `#[allow(...)]` to silence a warning, if anything can."""
    return _NAME_OF_KEY.get((code.prefix, code.category, code.number))


@dataclass(frozen=True, slots=True)
class WarningFilters:
    """The warnings that one scope (a package, a module, a member) silences."""

    keys: frozenset[FilterKey] = frozenset()

    def silences(self, code: Code) -> bool:
        """Whether a diagnostic of this kind is dropped; errors never are."""
        if not self.keys or code.severity > Severity.WARNING:
            return False
        prefix, category = code.prefix, code.category
        return (
            (prefix, None, None) in self.keys
            or (prefix, category, None) in self.keys
            or (prefix, category, code.number) in self.keys
        )

    def union(self, other: WarningFilters) -> WarningFilters:
        """Silences what either does."""
        return WarningFilters(self.keys | other.keys)


NO_FILTERS = WarningFilters()
ALL_FILTERS = WarningFilters(frozenset({("", None, None), (LINT_PREFIX, None, None)}))
"""For dependencies: their warnings are their authors' concern."""
