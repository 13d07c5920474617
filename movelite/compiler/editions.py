"""Editions of the language, the features each one has, and flavours."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from . import codes
from .diagnostics import Diagnostic, diag
from .source import Loc
from .warning_filters import NO_FILTERS, WarningFilters

UPGRADE_NOTE = (
    "You can update the edition in the 'Move.toml', "
    "or via command line flag if invoking the compiler directly."
)


class Feature(Enum):
    """What an edition may lack; the value opens the message that says so."""

    PUBLIC_PACKAGE = "'public(package)' is"
    POSTFIX_ABILITIES = "Postfix abilities are"
    STRUCT_TYPE_VISIBILITY = "Struct visibility modifiers are"
    ENUMS = "Enums are"
    DOT_CALL = "Method syntax is"
    POSITIONAL_FIELDS = "Positional fields are"
    LET_MUT = "'mut' variable modifiers are"
    MOVE_2024_OPTIMIZATIONS = "Move 2024 optimizations are"
    MOVE_2024_KEYWORDS = "Move 2024 keywords are"
    BLOCK_LABELS = "Block labels are"
    MOVE_2024_PATHS = "Move 2024 paths are"
    MACRO_FUNS = "'macro' functions are"
    MOVE_2024_MIGRATION = "Move 2024 migration is"
    SYNTAX_METHODS = "'syntax' methods are"
    AUTOBORROW_EQ = "Automatic borrowing is"
    CLEVER_ASSERTIONS = "Clever `assert!`, `abort`, and `#[error]` are"
    NO_PARENS_CAST = "'as' without parentheses is"
    TYPE_HOLES = "'_' placeholders for type inference are"
    LAMBDA = "lambda expressions are"
    MODULE_LABEL = "'module' label forms (ending with ';') are"


class Edition(Enum):
    """An edition; the value is its name in Move.toml."""

    LEGACY = "legacy"
    E2024_ALPHA = "2024.alpha"
    E2024_BETA = "2024.beta"
    E2024_MIGRATION = "2024.migration"
    DEVELOPMENT = "development"

    def supports(self, feature: Feature) -> bool:
        """Whether the feature exists in this edition."""
        return feature in _FEATURES[self]

    @classmethod
    def parse(cls, text: str) -> Edition:
        """The edition of that name.

        Plain `2024`, which later compilers write, is the current beta.
        That of migrations is for `migrate` alone. Raises: ValueError with the list of editions.
        """
        known = {edition.value: edition for edition in cls if edition is not cls.E2024_MIGRATION}
        found = cls.E2024_BETA if text == "2024" else known.get(text)
        if found is None:
            names = '"legacy", "2024.alpha", and "2024.beta"'
            raise ValueError(f'Unsupported edition "{text}". Current supported editions include: {names}')
        return found


_2024 = frozenset(Feature) - {Feature.MOVE_2024_MIGRATION}
_FEATURES: dict[Edition, frozenset[Feature]] = {
    Edition.LEGACY: frozenset(),
    Edition.E2024_ALPHA: _2024,
    Edition.E2024_BETA: _2024,
    Edition.E2024_MIGRATION: frozenset(Feature),
    Edition.DEVELOPMENT: _2024,
}
_VALID = (Edition.LEGACY, Edition.E2024_ALPHA, Edition.E2024_BETA)


class Flavor(Enum):
    """Which extra rules apply; the value is its name in Move.toml."""

    CORE = "core"
    IOTA = "iota"

    @classmethod
    def parse(cls, text: str) -> Flavor:
        """The flavour of that name. Raises: ValueError with the list of flavours."""
        try:
            return cls(text)
        except ValueError:
            raise ValueError(f'Unknown flavor "{text}". Expected one of: "core", "iota"') from None


@dataclass(frozen=True, slots=True)
class PackageConfig:
    """How the sources of one package are compiled.

    `name` is None for sources that belong to no package; public(package) then treats those as one.
    Nothing is said about how a dependency could be better; of an interface only declarations are read.
    """

    name: str | None = None
    edition: Edition = Edition.E2024_BETA
    flavor: Flavor = Flavor.CORE
    is_dependency: bool = False
    is_interface: bool = False
    filters: WarningFilters = NO_FILTERS

    def supports(self, feature: Feature) -> bool:
        """Whether the package's edition has the feature."""
        return self.edition.supports(feature)


def feature_message(edition: Edition, feature: Feature) -> str:
    """Why this edition refuses the feature."""
    valid = [f"'{e.value}'" for e in _VALID if e.supports(feature)]
    if not valid:
        return f"{feature.value} under development and should not be used right now."
    listed = " and ".join(valid)
    return (
        f"{feature.value} not supported by current edition '{edition.value}', "
        f"only {listed} support this feature"
    )


def feature_error(edition: Edition, feature: Feature, loc: Loc) -> Diagnostic:
    """The diagnostic for a feature that the edition lacks."""
    return diag(codes.Editions.FeatureTooNew, (loc, feature_message(edition, feature)), notes=[UPGRADE_NOTE])
