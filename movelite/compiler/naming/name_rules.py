"""Rules for the names that a program declares."""

from __future__ import annotations

from .. import codes
from ..diagnostics import Diagnostic, Diagnostics, diag
from ..source import Loc
from ..syntax_tree import Name
from ..types import INTEGER_BITS
from .members import Kind

BUILTIN_TYPES = frozenset({*INTEGER_BITS, "bool", "address", "signer", "vector"})
BUILTIN_FUNCTIONS = frozenset({"freeze", "assert"})
BUILTINS = BUILTIN_TYPES | BUILTIN_FUNCTIONS

_PARAMETER_NOTE = (
    "'macro' parameters start with '$' to indicate that their arguments are not evaluated before the macro "
    "is expanded, meaning the entire expression is substituted. This is different from regular function "
    "parameters that are evaluated before the function is called."
)
_TYPE_PARAMETER_NOTE = (
    "Type parameter names starting with '$' indicate that their arguments do not have to satisfy certain "
    "constraints before the macro is expanded, meaning types like '&mut u64' or '(bool, u8)' may be used as "
    "arguments."
)


def is_upper_name(text: str) -> bool:
    """Whether the name can be a datatype's or a constant's."""
    return "A" <= text[:1] <= "Z"


def is_local_name(text: str) -> bool:
    """Whether the name can be a local variable's."""
    return text[:1] == "_" or "a" <= text[:1] <= "z"


def _reserved(case: str, loc: Loc, name: str) -> Diagnostic:
    article = "an" if case[0] in "aeiou" else "a"
    message = (
        f"Invalid {case} name '{name}'. '{name}' is restricted and cannot be used to name {article} {case}"
    )
    return diag(codes.NameResolution.ReservedName, (loc, message))


class NameRules:
    """Checks names and reports; each method gives whether the name may stand."""

    def __init__(self, diagnostics: Diagnostics) -> None:
        self._diagnostics = diagnostics

    def check_restricted(self, case: str, name: Name) -> bool:
        """Rules for every declared name: `Self`, `vector` and `$names` are taken."""
        if name.text.startswith("$") and case not in ("variable", "type parameter"):
            message = (
                f"Invalid {case} name '{name}'. Identifiers starting with '$' can be used only for "
                "parameters and type parameters"
            )
            self._diagnostics.add(diag(codes.Declarations.InvalidName, (name.loc, message)))
            return False
        may_be_vector = case in ("module", "module alias")
        if name.text == "Self" or (name.text == "vector" and not may_be_vector):
            self._diagnostics.add(_reserved(case, name.loc, name.text))
            return False
        return True

    def check_member(self, kind: Kind, name: Name, is_alias: bool = False) -> bool:
        """Rules for members of a module and aliases of them."""
        case = f"{kind.value} alias" if is_alias else kind.value
        title = case[0].upper() + case[1:]
        wrong = None
        if kind is Kind.FUNCTION:
            if name.text.startswith("_"):
                wrong = f"{title} names cannot start with '_'"
        elif not is_upper_name(name.text):
            wrong = f"{title} names must start with 'A'..'Z'"
        if wrong is not None:
            message = f"Invalid {case} name '{name}'. {wrong}"
            self._diagnostics.add(diag(codes.Declarations.InvalidName, (name.loc, message)))
            return False
        if name.text in BUILTINS:
            self._diagnostics.add(_reserved(case, name.loc, name.text))
            return False
        return self.check_restricted(case, name)

    def check_local(self, name: Name, what: str = "local") -> None:
        """Rules for local variables and parameters of functions."""
        if not is_local_name(name.text):
            message = (
                f"Invalid {what} name '{name}'. Local variable names must start with 'a'..'z', '_', or be a "
                "valid name quoted with backticks (`name`)"
            )
            self._diagnostics.add(diag(codes.Declarations.InvalidName, (name.loc, message)))
        self.check_restricted("variable", name)

    def check_parameter(self, name: Name, macro_loc: Loc | None) -> None:
        """Rules for parameters of functions and macros."""
        is_syntax = name.text.startswith("$")
        code = codes.Declarations.InvalidName
        if macro_loc is not None:
            if not is_syntax and name.text != "_":
                message = (
                    f"Invalid parameter name '{name}'. 'macro' parameter names must start with '$' "
                    "(or must be '_')"
                )
                item = diag(code, (name.loc, message), (macro_loc, "Declared 'macro' here"))
                self._diagnostics.add(item.note(_PARAMETER_NOTE))
        elif is_syntax:
            message = f"Invalid parameter name '{name}'. Non-'macro' parameter names cannot start with '$'"
            self._diagnostics.add(diag(code, (name.loc, message), notes=[_PARAMETER_NOTE]))
        else:
            self.check_local(name, "parameter")
            return
        self.check_restricted("variable", name)

    def check_type_parameter(self, name: Name, macro_loc: Loc | None) -> None:
        """Rules for type parameters."""
        if name.text == "_":
            self._diagnostics.add(_reserved("type parameter", name.loc, "_"))
            return
        code = codes.Declarations.InvalidName
        is_syntax = name.text.startswith("$")
        if macro_loc is not None and not is_syntax:
            message = "Invalid type parameter name. 'macro fun' type parameter names must start with '$'"
            item = diag(code, (name.loc, message), (macro_loc, "Declared 'macro' here"))
            self._diagnostics.add(item.note(_TYPE_PARAMETER_NOTE))
        elif macro_loc is not None and not name.text[1:2].isalpha():
            message = (
                f"Invalid type parameter name '{name}'. Following the '$', the 'macro fun' type parameter "
                "must be have a valid type parameter name starting with a letter 'a'..'z' or 'A'..'Z'"
            )
            self._diagnostics.add(diag(code, (name.loc, message), notes=[_TYPE_PARAMETER_NOTE]))
        elif macro_loc is None and is_syntax:
            message = "Invalid type parameter name. Only 'macro fun' type parameter names cat start with '$'"
            self._diagnostics.add(diag(code, (name.loc, message), notes=[_TYPE_PARAMETER_NOTE]))
        if name.text in BUILTINS:
            self._diagnostics.add(_reserved("type parameter", name.loc, name.text))
            return
        self.check_restricted("type parameter", name)
