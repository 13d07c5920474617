"""Every official diagnostic code: category, number, title and severity.

The text of a code is a letter (E, W, I or ICE), two digits of category and three of number: `E04007`.
Lints and the extra rules of IOTA carry a prefix: `Lint W99000`, `Iota E02002`.
Source: the table of codes of the official compiler; numbers and titles are part of the contract with users.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum


class Severity(IntEnum):
    """How much a diagnostic stops: a blocking error keeps the typed program from being lowered."""

    NOTE = 0
    WARNING = 1
    ERROR = 2
    BLOCKING_ERROR = 3
    BUG = 4


NOTE, WARNING, ERROR, BLOCKING, BUG = Severity
_LETTERS = {NOTE: "I", WARNING: "W", ERROR: "E", BLOCKING: "E", BUG: "ICE"}


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of diagnostic."""

    category: int
    number: int
    title: str
    severity: Severity = ERROR
    prefix: str = ""

    def __str__(self) -> str:
        return f"{self.prefix}{_LETTERS[self.severity]}{self.category:02}{self.number:03}"

    @property
    def is_error(self) -> bool:
        """Whether the program is refused."""
        return self.severity >= ERROR

    def with_severity(self, severity: Severity) -> Code:
        """The same kind, reported at another severity."""
        return replace(self, severity=severity)


class Uncategorized:
    """One-off errors."""

    DeprecatedWillBeRemoved = Code(0, 1, "DEPRECATED. will be removed", WARNING)
    DeprecatedSpecItem = Code(0, 2, "DEPRECATED. unexpected spec item")
    UnableToMigrate = Code(0, 3, "unable to migrate")


class Syntax:
    """Errors of the lexer and the parser."""

    InvalidCharacter = Code(1, 1, "invalid character")
    UnexpectedToken = Code(1, 2, "unexpected token")
    InvalidModifier = Code(1, 3, "invalid modifier")
    InvalidDocComment = Code(1, 4, "invalid documentation comment", WARNING)
    InvalidAddress = Code(1, 5, "invalid address")
    InvalidNumber = Code(1, 6, "invalid number literal")
    InvalidByteString = Code(1, 7, "invalid byte string")
    InvalidHexString = Code(1, 8, "invalid hex string")
    InvalidLValue = Code(1, 9, "invalid assignment")
    SpecContextRestricted = Code(1, 10, "syntax item restricted to spec contexts", BLOCKING)
    InvalidSpecBlockMember = Code(1, 11, "invalid spec block member")
    InvalidRestrictedIdentifier = Code(1, 12, "invalid identifier escape")
    InvalidMoveOrCopy = Code(1, 13, "invalid 'move' or 'copy'")
    InvalidLabel = Code(1, 14, "invalid expression label")
    AmbiguousCast = Code(1, 15, "ambiguous 'as'")
    InvalidName = Code(1, 16, "invalid name", BLOCKING)
    InvalidMacro = Code(1, 17, "invalid macro invocation", BLOCKING)
    InvalidMatch = Code(1, 18, "invalid 'match'", BLOCKING)


class Declarations:
    """Rules for declarations."""

    DuplicateItem = Code(2, 1, "duplicate declaration, item, or annotation")
    UnnecessaryItem = Code(2, 2, "unnecessary or extraneous item")
    InvalidAddress = Code(2, 3, "invalid 'address' declaration")
    InvalidModule = Code(2, 4, "invalid 'module' declaration")
    InvalidScript = Code(2, 5, "invalid 'script' declaration")
    InvalidConstant = Code(2, 6, "invalid 'const' declaration")
    InvalidFunction = Code(2, 7, "invalid 'fun' declaration")
    InvalidStruct = Code(2, 8, "invalid 'struct' declaration")
    InvalidSpec = Code(2, 9, "invalid 'spec' declaration")
    InvalidName = Code(2, 10, "invalid name", BLOCKING)
    InvalidFriendDeclaration = Code(2, 11, "invalid 'friend' declaration")
    InvalidAcquiresItem = Code(2, 12, "invalid 'acquires' item")
    InvalidPhantomUse = Code(2, 13, "invalid phantom type parameter usage")
    InvalidNonPhantomUse = Code(2, 14, "invalid non-phantom type parameter usage", WARNING)
    InvalidAttribute = Code(2, 15, "invalid attribute")
    InvalidVisibilityModifier = Code(2, 16, "invalid visibility modifier")
    InvalidUseFun = Code(2, 17, "invalid 'use fun' declaration")
    UnknownAttribute = Code(2, 18, "unknown attribute", WARNING)
    InvalidSyntaxMethod = Code(2, 19, "invalid 'syntax' method type")
    MissingSyntaxMethod = Code(2, 20, "no valid 'syntax' declaration found", BLOCKING)
    DuplicateAlias = Code(2, 21, "duplicate alias", WARNING)
    InvalidEnum = Code(2, 22, "invalid 'enum' declaration")


class NameResolution:
    """A name that means nothing, or the wrong thing."""

    AddressWithoutValue = Code(3, 1, "address with no value")
    UnboundModule = Code(3, 2, "unbound module", BLOCKING)
    UnboundModuleMember = Code(3, 3, "unbound module member", BLOCKING)
    UnboundType = Code(3, 4, "unbound type", BLOCKING)
    UnboundUnscopedName = Code(3, 5, "unbound unscoped name", BLOCKING)
    NamePositionMismatch = Code(3, 6, "unexpected name in this position", BLOCKING)
    TooManyTypeArguments = Code(3, 7, "too many type arguments")
    TooFewTypeArguments = Code(3, 8, "too few type arguments", BLOCKING)
    UnboundVariable = Code(3, 9, "unbound variable", BLOCKING)
    UnboundField = Code(3, 10, "unbound field", BLOCKING)
    ReservedName = Code(3, 11, "invalid use of reserved name", BLOCKING)
    UnboundMacro = Code(3, 12, "unbound macro", BLOCKING)
    PositionalCallMismatch = Code(3, 13, "positional call mismatch")
    InvalidLabel = Code(3, 14, "invalid use of label", BLOCKING)
    UnboundLabel = Code(3, 15, "unbound label", BLOCKING)
    InvalidMut = Code(3, 16, "invalid 'mut' declaration")
    InvalidMacroParameter = Code(3, 17, "invalid macro parameter")
    InvalidTypeParameter = Code(3, 18, "invalid type parameter")
    InvalidPattern = Code(3, 19, "invalid pattern", BLOCKING)
    UnboundVariant = Code(3, 20, "unbound variant", BLOCKING)
    InvalidTypeAnnotation = Code(3, 21, "invalid type annotation")
    InvalidPosition = Code(3, 22, "invalid usage position")


class TypeSafety:
    """Type rules."""

    Visibility = Code(4, 1, "restricted visibility")
    ScriptContext = Code(4, 2, "requires script context")
    BuiltinOperation = Code(4, 3, "built-in operation not supported", BLOCKING)
    ExpectedBaseType = Code(4, 4, "expected a single non-reference type", BLOCKING)
    ExpectedSingleType = Code(4, 5, "expected a single type", BLOCKING)
    SubtypeError = Code(4, 6, "invalid subtype", BLOCKING)
    JoinError = Code(4, 7, "incompatible types", BLOCKING)
    RecursiveType = Code(4, 8, "invalid type. recursive type found", BLOCKING)
    ExpectedSpecificType = Code(4, 9, "expected specific type", BLOCKING)
    UninferredType = Code(4, 10, "cannot infer type", BLOCKING)
    ScriptSignature = Code(4, 11, "invalid script signature")
    TypeForConstant = Code(4, 12, "invalid type for constant", BLOCKING)
    UnsupportedConstant = Code(4, 13, "invalid statement or expression in constant", BLOCKING)
    InvalidLoopControl = Code(4, 14, "invalid loop control", BLOCKING)
    InvalidNativeUsage = Code(4, 15, "invalid use of native item", BLOCKING)
    TooFewArguments = Code(4, 16, "too few arguments", BLOCKING)
    TooManyArguments = Code(4, 17, "too many arguments")
    CyclicData = Code(4, 18, "cyclic data")
    CyclicInstantiation = Code(4, 19, "cyclic type instantiation")
    MissingAcquires = Code(4, 20, "missing acquires annotation")
    InvalidNum = Code(4, 21, "invalid number after type inference")
    NonInvocablePublicScript = Code(
        4,
        22,
        "script function cannot be invoked with this signature "
        "(NOTE: this may become an error in the future)",
        WARNING,
    )
    InvalidMethodCall = Code(4, 23, "invalid method call", BLOCKING)
    InvalidImmVariableUsage = Code(4, 24, "invalid usage of immutable variable")
    InvalidControlFlow = Code(4, 25, "invalid control flow", BLOCKING)
    InvalidCopyOp = Code(4, 26, "invalid 'copy' usage")
    InvalidMoveOp = Code(4, 27, "invalid 'move' usage")
    ImplicitConstantCopy = Code(4, 28, "implicit copy of a constant", WARNING)
    InvalidCallTarget = Code(4, 29, "invalid function call", BLOCKING)
    UnexpectedFunctionType = Code(4, 30, "invalid usage of lambda type", BLOCKING)
    UnexpectedLambda = Code(4, 31, "invalid usage of lambda", BLOCKING)
    CannotExpandMacro = Code(4, 32, "unable to expand macro function", BLOCKING)
    InvariantError = Code(4, 33, "types are not equal", BLOCKING)
    IncompatibleSyntaxMethods = Code(4, 34, "'syntax' method types differ", BLOCKING)
    InvalidErrorUsage = Code(4, 35, "invalid constant usage in error context", BLOCKING)
    IncompletePattern = Code(4, 36, "non-exhaustive pattern", BLOCKING)
    DeprecatedUsage = Code(4, 37, "deprecated usage", WARNING)


class AbilitySafety:
    """Ability rules."""

    Constraint = Code(5, 1, "ability constraint not satisfied")
    ImplicitlyCopyable = Code(5, 2, "type not implicitly copyable")


class MoveSafety:
    """Use of values that are moved or not yet assigned."""

    UnusedUndroppable = Code(6, 1, "unused value without 'drop'")
    UnassignedVariable = Code(6, 2, "use of unassigned variable")


class ReferenceSafety:
    """Borrow rules."""

    RefTrans = Code(7, 1, "referential transparency violated", BLOCKING)
    MutOwns = Code(7, 2, "mutable ownership violated")
    Dangling = Code(7, 3, "invalid operation, could create dangling a reference")
    InvalidReturn = Code(7, 4, "invalid return of locally borrowed state")
    InvalidTransfer = Code(7, 5, "invalid transfer of references")
    AmbiguousVariableUsage = Code(7, 6, "ambiguous usage of variable")


class BytecodeGeneration:
    """Errors of constant folding."""

    UnfoldableConstant = Code(8, 1, "cannot compute constant value")


class UnusedItem:
    """Warnings about what is never used."""

    Alias = Code(9, 1, "unused alias", WARNING)
    Variable = Code(9, 2, "unused variable", WARNING)
    Assignment = Code(9, 3, "unused assignment", WARNING)
    TrailingSemi = Code(9, 4, "unnecessary trailing semicolon", WARNING)
    DeadCode = Code(9, 5, "dead or unreachable code", WARNING)
    StructTypeParam = Code(9, 6, "unused struct type parameter", WARNING)
    Attribute = Code(9, 7, "unused attribute", WARNING)
    Function = Code(9, 8, "unused function", WARNING)
    StructField = Code(9, 9, "unused struct field", WARNING)
    FunTypeParam = Code(9, 10, "unused function type parameter", WARNING)
    Constant = Code(9, 11, "unused constant", WARNING)
    MutModifier = Code(9, 12, "unused 'mut' modifiers", WARNING)
    MutReference = Code(9, 13, "unused mutable reference '&mut'", WARNING)
    MutParam = Code(9, 14, "unused mutable reference '&mut' parameter", WARNING)


class Attributes:
    """Rules for attributes."""

    Duplicate = Code(10, 1, "invalid duplicate attribute")
    InvalidName = Code(10, 2, "invalid attribute name")
    InvalidValue = Code(10, 3, "invalid attribute value")
    InvalidUsage = Code(10, 4, "invalid usage of known attribute")
    InvalidTest = Code(10, 5, "unable to generate test")
    InvalidBytecodeInst = Code(10, 6, "unknown bytecode instruction function")
    ValueWarning = Code(10, 7, "issue with attribute value", WARNING)
    AmbiguousAttributeValue = Code(10, 8, "ambiguous attribute value")


class Tests:
    """Failures of unit tests."""

    TestFailed = Code(11, 1, "test failure", BLOCKING)


class Bug:
    """The compiler's own faults."""

    BytecodeGeneration = Code(12, 1, "BYTECODE GENERATION FAILED", BUG)
    BytecodeVerification = Code(12, 2, "BYTECODE VERIFICATION FAILED", BUG)
    ICE = Code(12, 3, "INTERNAL COMPILER ERROR", BUG)


class Editions:
    """Features that an edition lacks or dropped."""

    FeatureTooNew = Code(13, 1, "feature is not supported in specified edition")
    DeprecatedFeature = Code(13, 2, "feature is deprecated in specified edition")
    FeatureInDevelopment = Code(13, 3, "feature is under active development", BLOCKING)


class Migration:
    """Edits that move a package to Move 2024."""

    NeedsPublic = Code(14, 1, "move 2024 migration: public struct")
    NeedsLetMut = Code(14, 2, "move 2024 migration: let mut")
    NeedsRestrictedIdentifier = Code(14, 3, "move 2024 migration: restricted identifier")
    NeedsGlobalQualification = Code(14, 4, "move 2024 migration: global qualification")
    RemoveFriend = Code(14, 5, "move 2024 migration: remove 'friend'")
    MakePubPackage = Code(14, 6, "move 2024 migration: make 'public(package)'")
    AddressRemove = Code(14, 7, "move 2024 migration: address remove")
    AddressAdd = Code(14, 8, "move 2024 migration: address add")


class IDE:
    """Hints for editors."""

    DotAutocomplete = Code(15, 1, "IDE dot autocomplete", NOTE)
    MacroCallInfo = Code(15, 2, "IDE macro call info", NOTE)
    ExpandedLambda = Code(15, 3, "IDE expanded lambda", NOTE)
    MissingMatchArms = Code(15, 4, "IDE missing match arms", NOTE)
    EllipsisExpansion = Code(15, 5, "IDE ellipsis expansion", NOTE)
    PathAutocomplete = Code(15, 6, "IDE path autocomplete", NOTE)


LINT_PREFIX = "Lint "
IOTA_PREFIX = "Iota "


class Lint:
    """Warnings of the linter."""

    WhileTrue = Code(1, 4, "unnecessary 'while (true)', replace with 'loop'", WARNING, LINT_PREFIX)
    ConstantNaming = Code(4, 1, "constant should follow naming convention", WARNING, LINT_PREFIX)
    ShareOwned = Code(99, 0, "possible owned object share", WARNING, LINT_PREFIX)
    SelfTransfer = Code(99, 1, "non-composable transfer to sender", WARNING, LINT_PREFIX)
    CustomStateChange = Code(
        99, 2, "potentially unenforceable custom transfer/share/freeze policy", WARNING, LINT_PREFIX
    )
    CoinField = Code(99, 3, "sub-optimal 'iota::coin::Coin' field type", WARNING, LINT_PREFIX)
    FreezeWrapped = Code(99, 4, "attempting to freeze wrapped objects", WARNING, LINT_PREFIX)
    CollectionEquality = Code(99, 5, "possibly useless collections compare", WARNING, LINT_PREFIX)
    PublicRandom = Code(99, 6, "Risky use of 'iota::random'", WARNING, LINT_PREFIX)
    MissingKey = Code(99, 7, "struct with id but missing key ability", WARNING, LINT_PREFIX)
    FreezingCapability = Code(99, 8, "freezing potential capability", WARNING, LINT_PREFIX)
    PreferMutableTxContext = Code(99, 9, "prefer '&mut TxContext' over '&TxContext'", WARNING, LINT_PREFIX)


class Iota:
    """The extra rules that IOTA lays on a package."""

    IdLeak = Code(1, 1, "invalid object construction", prefix=IOTA_PREFIX)
    EntryFunSignature = Code(2, 2, "invalid 'entry' function signature", prefix=IOTA_PREFIX)
    InitFun = Code(2, 3, "invalid 'init' function", prefix=IOTA_PREFIX)
    OtwDecl = Code(2, 4, "invalid one-time witness declaration", prefix=IOTA_PREFIX)
    OtwUsage = Code(2, 5, "invalid one-time witness usage", prefix=IOTA_PREFIX)
    InitCall = Code(2, 6, "invalid 'init' call", prefix=IOTA_PREFIX)
    ObjectDecl = Code(2, 7, "invalid object declaration", prefix=IOTA_PREFIX)
    EventEmitCall = Code(2, 8, "invalid event", prefix=IOTA_PREFIX)
    PrivateTransferCall = Code(2, 9, "invalid private transfer call", prefix=IOTA_PREFIX)
    PrivateAccountCall = Code(2, 10, "invalid private account call", prefix=IOTA_PREFIX)
