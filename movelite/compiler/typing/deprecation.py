"""Warnings for the use of what is marked `#[deprecated]`."""

from __future__ import annotations

from .. import named_tree as N
from ..codes import TypeSafety
from ..source import Loc
from .context import Body


def warn_if_deprecated(body: Body, member: N.MemberId, loc: Loc, method: str | None = None) -> None:
    """Warn if a member or its module is deprecated; inside a deprecated module its own members are fine."""
    module = body.program.named.modules.get(member.module)
    if module is None:
        return
    found = _deprecation_of_member(module, member.name)
    if found is not None:
        kind, attribute = found
        subject = f"{kind} '{member}'"
        if method is None:
            message = f"The {subject} is deprecated"
        else:
            message = f"The method '{method}' resolves to the {subject} which is deprecated"
    else:
        attribute_ = module.attributes.get("deprecated")
        if attribute_ is None or body.is_own(member.module):
            return
        attribute = attribute_
        if method is None:
            message = (
                f"The '{member}' member of the module '{member.module}' is deprecated. "
                "It is deprecated since its whole module is marked deprecated"
            )
        else:
            message = (
                f"The method '{method}' resolves to the function '{member}' in the module "
                f"'{member.module}' which is deprecated. "
                "This function, and the method are deprecated since the whole module is marked deprecated"
            )
    note = attribute.find("note")
    if note is not None and isinstance(note.value, N.BytesLiteral):
        message += ": " + note.value.value.decode("utf-8", "replace")
    body.report(TypeSafety.DeprecatedUsage, loc, message)


def _deprecation_of_member(module: N.ModuleDef, name: str) -> tuple[str, N.Attribute] | None:
    found = {
        "constant": module.constants.get(name),
        "function": module.functions.get(name),
        "struct": module.structs.get(name),
        "enum": module.enums.get(name),
    }
    for kind, item in found.items():
        attribute = item.attributes.get("deprecated") if item is not None else None
        if attribute is not None:
            return kind, attribute
    return None
