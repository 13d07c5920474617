"""Arguments that say what kind of key is wanted."""

from __future__ import annotations

from typing import Annotated

import typer

from proto.crypto import SignatureScheme

Scheme = Annotated[str, typer.Argument(help="ed25519, secp256k1 or secp256r1")]
DerivationPath = Annotated[str | None, typer.Argument(help="m/44'/4218'/0'/0'/0' and the like")]
WordLength = Annotated[str | None, typer.Argument(help="word12, word15, ... word24")]
SortByAlias = Annotated[bool, typer.Option("--sort-by-alias", "-s", help="By alias, not in their order.")]


def read_scheme(text: str) -> SignatureScheme:
    """A key scheme by name."""
    for scheme in (SignatureScheme.ED25519, SignatureScheme.SECP256K1, SignatureScheme.SECP256R1):
        if scheme.name == text.upper():
            return scheme
    raise typer.BadParameter(f"{text!r} is no key scheme: ed25519, secp256k1 or secp256r1")


def read_word_count(text: str | None) -> int:
    """The number of words of a mnemonic, from word12 and the like; 12 if nothing is said."""
    digits = (text or "word12").removeprefix("word")
    if digits not in ("12", "15", "18", "21", "24"):
        raise typer.BadParameter(f"{text!r} is none of word12, word15, word18, word21, word24")
    return int(digits)
