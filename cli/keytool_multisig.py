"""movelite keytool multi-sig-*: accounts of several keys, of which some must sign."""

from __future__ import annotations

from base64 import b64encode
from typing import Annotated, Any

import typer

from cli import output
from cli.wallet import read_base64
from proto.crypto import IntentScope, InvalidKey, SignatureScheme, address_of, is_public_key
from proto.errors import InvalidSignature
from proto.ids import format_address
from proto.multisig import (
    MultiSig,
    MultiSigPublicKey,
    PublicKey,
    combine,
    public_key_of,
    read_multisig,
    scheme_of,
)
from proto.user_signature import Signature, read_signature

app = typer.Typer()

Pks = Annotated[list[str], typer.Option(help="Base64 of flag and key, of each member in order.")]
Weights = Annotated[list[int], typer.Option(min=1, max=255, help="Of each member, in the same order.")]
Threshold = Annotated[int, typer.Option(min=1, max=65535, help="Weight that must sign.")]


@app.command(
    "multi-sig-address",
    epilog="Example: movelite keytool multi-sig-address --threshold 2 --pks KEY KEY --weights 1 1",
)
def multi_sig_address(threshold: Threshold, pks: Pks, weights: Weights) -> None:
    """The address of several keys of which some must sign."""
    key = _read_members(pks, weights, threshold)
    output.fields({"multisigAddress": format_address(key.address()), "multisig": _members(key)})


@app.command(
    "multi-sig-combine-partial-sig",
    epilog="Example: movelite keytool multi-sig-combine-partial-sig --sigs SIG SIG --pks KEY KEY KEY "
    "--weights 1 1 1 --threshold 2",
)
def multi_sig_combine_partial_sig(
    sigs: Annotated[list[str], typer.Option(help="Base64 of signatures of members.")],
    pks: Pks,
    weights: Weights,
    threshold: Threshold,
) -> None:
    """Make one signature of several members' signatures, for execute-signed-tx."""
    key = _read_members(pks, weights, threshold)
    signatures = [read_signature(read_base64(text)) for text in sigs]
    if not all(isinstance(signature, Signature) for signature in signatures):
        raise InvalidSignature("members sign with one key each")
    multisig = combine(
        key, [(s.scheme, s.public_key, s.signature) for s in signatures if isinstance(s, Signature)]
    )
    signed = sum(key.pk_map[signer][1] for signer in multisig.signers())
    if signed < threshold:
        output.note(f"signers weigh {signed}, {threshold} are needed: more members must sign")
    output.fields(
        {
            "multisigAddress": format_address(key.address()),
            "multisigParsed": _parsed(multisig),
            "multisigSerialized": b64encode(multisig.to_bytes()).decode(),
        }
    )


@app.command("decode-multi-sig", epilog="Example: movelite keytool decode-multi-sig --multisig BASE64")
def decode_multi_sig(
    multisig: Annotated[str, typer.Option(help="Base64 of the signature.")],
    tx_bytes: Annotated[str | None, typer.Option(help="Base64 of the transaction to check it for.")] = None,
    cur_epoch: Annotated[int, typer.Option(hidden=True)] = 0,
) -> None:
    """Show who of a multisig has signed, and whether it holds for a transaction."""
    raw = read_base64(multisig)
    if raw[:1] != bytes((SignatureScheme.MULTISIG,)):
        raise InvalidSignature("this is no multisig: its first byte is not 3")
    decoded = read_multisig(raw)
    key = decoded.multisig_pk
    result = ""
    if tx_bytes is not None:
        try:
            decoded.verify(IntentScope.TRANSACTION_DATA, read_base64(tx_bytes))
            result = "OK"
        except InvalidSignature as error:
            result = str(error)
    output.fields(
        {
            "multisigAddress": format_address(key.address()),
            "participatingKeysSignatures": _signed(decoded),
            "pubKeys": _members(key),
            "threshold": key.threshold,
            "sigVerifyResult": result,
        }
    )


def _read_members(pks: list[str], weights: list[int], threshold: int) -> MultiSigPublicKey:
    if len(pks) != len(weights):
        raise typer.BadParameter(f"{len(pks)} keys, but {len(weights)} weights")
    members = tuple((_read_member(text), weight) for text, weight in zip(pks, weights, strict=True))
    key = MultiSigPublicKey(members, threshold)
    key.check()
    return key


def _read_member(text: str) -> PublicKey:
    raw = read_base64(text)
    flag, key = raw[:1], raw[1:]
    if not flag or flag[0] not in (0, 1, 2) or not is_public_key(SignatureScheme(flag[0]), key):
        raise InvalidKey(f"{text} is no Base64 of a flag (0, 1 or 2) and a public key")
    return public_key_of(SignatureScheme(flag[0]), key)


def _text_of(member: PublicKey) -> str:
    return b64encode(bytes((scheme_of(member),)) + member.value).decode()


def _members(key: MultiSigPublicKey) -> list[dict[str, Any]]:
    return [
        {
            "address": format_address(address_of(scheme_of(member), member.value)),
            "publicBase64Key": _text_of(member),
            "weight": weight,
        }
        for member, weight in key.pk_map
    ]


def _signed(multisig: MultiSig) -> list[dict[str, Any]]:
    """The members who signed; there may be fewer members than bits, as the bytes come from outside."""
    members = multisig.multisig_pk.pk_map
    return [
        {
            "publicBase64Key": _text_of(members[signer][0]),
            "sigBase64": b64encode(signature.value).decode(),
            "weight": str(members[signer][1]),
        }
        for signer, signature in zip(multisig.signers(), multisig.sigs, strict=False)
        if signer < len(members)
    ]


def _parsed(multisig: MultiSig) -> dict[str, Any]:
    return {
        "sigs": [b64encode(signature.value).decode() for signature in multisig.sigs],
        "bitmap": multisig.bitmap,
        "multisigPk": {"pkMap": _members(multisig.multisig_pk), "threshold": multisig.multisig_pk.threshold},
    }
