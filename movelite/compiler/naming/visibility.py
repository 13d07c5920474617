"""Rules for `public(friend)`, `public(package)` and `friend` within one module."""

from __future__ import annotations

from .. import codes
from .. import named_tree as nt
from ..diagnostics import Diagnostics, diag
from ..editions import Edition, Feature, feature_error
from ..source import Loc
from ..syntax_tree import VisibilityKind


def check_visibilities(module: nt.ModuleDef, diagnostics: Diagnostics) -> None:
    """Report friends in an edition that dropped them, and both kinds of visibility in one module."""
    friends = [friend.loc for friend in module.friends.values()]
    for_friends: list[Loc] = []
    for_package: list[Loc] = []
    for function in module.functions.values():
        loc = function.visibility.loc
        if loc is not None and function.visibility.kind is VisibilityKind.FRIEND:
            for_friends.append(loc)
        elif loc is not None and function.visibility.kind is VisibilityKind.PACKAGE:
            for_package.append(loc)
    edition = module.package.edition
    if edition.supports(Feature.PUBLIC_PACKAGE):
        _report_dropped(edition, friends, for_friends, diagnostics)
    else:
        for loc in for_package:
            diagnostics.add(feature_error(edition, Feature.PUBLIC_PACKAGE, loc))
    if for_package and (friends or for_friends):
        _report_mixed(friends, for_friends, for_package, diagnostics)


def _report_dropped(
    edition: Edition, friends: list[Loc], for_friends: list[Loc], diagnostics: Diagnostics
) -> None:
    is_migration = edition is Edition.E2024_MIGRATION
    code = codes.Migration.RemoveFriend if is_migration else codes.Editions.DeprecatedFeature
    message = "'friend's are deprecated. Remove and replace 'public(friend)' with 'public(package)'"
    for loc in friends:
        diagnostics.add(diag(code, (loc, message)))
    code = codes.Migration.MakePubPackage if is_migration else codes.Editions.DeprecatedFeature
    message = "'public(friend)' is deprecated. Replace with 'public(package)'"
    for loc in for_friends:
        diagnostics.add(diag(code, (loc, message)))


def _report_mixed(
    friends: list[Loc], for_friends: list[Loc], for_package: list[Loc], diagnostics: Diagnostics
) -> None:
    code = codes.Declarations.InvalidVisibilityModifier
    package = (for_package[-1], "'public(package)' visibility used here")
    friend = (friends[0] if friends else for_friends[0], "'friend' visibility used here")
    for loc in friends:
        message = "Cannot define 'friend' modules and use 'public(package)' visibility in the same module"
        diagnostics.add(diag(code, (loc, message), package))
    for loc in for_friends:
        message = "Cannot mix 'friend' and 'package' visibilities in the same module"
        diagnostics.add(diag(code, (loc, message), package))
    for loc in for_package:
        message = "Cannot mix 'package' and 'friend' visibilities in the same module"
        diagnostics.add(diag(code, (loc, message), friend))
