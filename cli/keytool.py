"""movelite keytool: keys and signatures, with the names and flags of `iota keytool`."""

from __future__ import annotations

import asyncio
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

import typer

from aggregator.wallet.client_config import config_folder
from aggregator.wallet.keystore import Keystore, WalletError
from cli import keytool_multisig, output
from cli.folder_lock import changing
from cli.key_arguments import DerivationPath, Scheme, SortByAlias, WordLength, read_scheme, read_word_count
from cli.lazy import WholeHelpGroup
from cli.wallet import read_base64
from proto import bcs
from proto.crypto import IntentScope as Scope
from proto.crypto import InvalidKey, KeyPair, SignatureScheme, address_of, intent_message, key_pair
from proto.ids import blake2b_256, format_address
from proto.key_derivation import derive_from_seed, derive_key_pair, generate_mnemonic
from proto.key_text import decode_private_key, encode_private_key
from proto.transaction import TransactionData
from proto.user_signature import read_signature, sign_digest, signer_address

_NO_KMS = (
    "nothing here speaks to a cloud's key management. Have it sign blake2b-256 of three zero bytes and the "
    "transaction; `client execute-signed-tx` takes Base64 of the flag of the scheme, signature and public key"
)


SEED_BYTES = 64
_SEED = re.compile(rf"(0x)?[0-9a-fA-F]{{{2 * SEED_BYTES}}}")


class KeytoolGroup(WholeHelpGroup):
    """The group of the commands on keys."""

    absent: ClassVar[Mapping[str, str]] = {"sign-kms": _NO_KMS}


app = typer.Typer(no_args_is_help=True, cls=KeytoolGroup)
app.add_typer(keytool_multisig.app)

_path: Path | None = None


@app.callback()
def group(
    keystore_path: Annotated[Path | None, typer.Option("--keystore-path", help="iota.keystore")] = None,
) -> None:
    """Keys: generate, import, sign, convert."""
    global _path
    _path = keystore_path


def _keystore() -> Keystore:
    return Keystore.load(_path or config_folder() / "iota.keystore")


def _key_json(key: KeyPair, alias: str = "") -> dict[str, Any]:
    flagged = bytes((key.scheme,)) + key.public_key
    return {
        **({"alias": alias} if alias else {}),
        "iotaAddress": format_address(address_of(key.scheme, key.public_key)),
        "publicBase64Key": b64encode(key.public_key).decode(),
        "publicBase64KeyWithFlag": b64encode(flagged).decode(),
        "keyScheme": key.scheme.name.lower(),
        "flag": int(key.scheme),
        "peerId": key.public_key.hex() if key.scheme is SignatureScheme.ED25519 else None,
    }


@app.command(epilog="Example: movelite keytool generate ed25519 word24")
def generate(
    key_scheme: Scheme,
    derivation_path: DerivationPath = None,
    word_length: WordLength = None,
) -> None:
    """Make a key and write it to ADDRESS.key in this folder; the keystore is not touched."""
    if derivation_path is not None and not derivation_path.startswith("m/"):
        derivation_path, word_length = word_length, derivation_path  # either may be left out
    words = generate_mnemonic(read_word_count(word_length))
    key = derive_key_pair(words, read_scheme(key_scheme), derivation_path)
    shown = {**_key_json(key), "mnemonic": words}
    path = Path(f"{shown['iotaAddress']}.key")
    from aggregator.wallet.keystore import write_private

    write_private(path, b64encode(bytes((key.scheme,)) + key.secret).decode())
    output.fields(shown)


@app.command("import", epilog='Example: movelite keytool import "word1 word2 ..." ed25519 --alias work')
def import_(
    input_string: Annotated[
        str,
        typer.Argument(help="iotaprivkey1..., a mnemonic in quotes, or a seed as 0x and 128 digits."),
    ],
    key_scheme: Scheme,
    derivation_path: DerivationPath = None,
    alias: Annotated[str | None, typer.Option(help="A name for it; else one is made.")] = None,
) -> None:
    """Put a key into the keystore."""
    scheme = read_scheme(key_scheme)
    if len(input_string.split()) > 1:
        key = derive_key_pair(input_string, scheme, derivation_path)
    elif _SEED.fullmatch(input_string):
        key = derive_from_seed(bytes.fromhex(input_string[-2 * SEED_BYTES :]), scheme, derivation_path)
    else:
        key = _read_bech32(input_string.strip())
        if key.scheme is not scheme:
            raise InvalidKey(f"the key is {key.scheme.name.lower()}, not {key_scheme}")
    with changing(_keystore) as keystore:
        address = keystore.add(key, alias)
    output.fields(_key_json(key, keystore.alias(address)))


def _read_bech32(text: str) -> KeyPair:
    try:
        return decode_private_key(text)
    except InvalidKey as error:
        hint = "`movelite keytool convert` gives keys in Base64 and hexadecimal that form"
        raise InvalidKey(f"{error} ({hint})") from error


@app.command("list")
def list_(sort_by_alias: SortByAlias = False) -> None:
    """List the keys of the keystore."""
    keystore = _keystore()
    keys = [_key_json(keystore.key(a), keystore.alias(a)) for a in keystore.addresses]
    if sort_by_alias:
        keys.sort(key=lambda key: str(key["alias"]))
    rows = [(k["alias"], k["iotaAddress"], k["keyScheme"], k["publicBase64KeyWithFlag"]) for k in keys]
    output.result(keys, rows, ("alias", "address", "scheme", "public key with flag"))


@app.command(epilog="Example: movelite keytool show 0x....key")
def show(file: Annotated[Path, typer.Argument(help="A file with one key.")]) -> None:
    """Show the key in a file (Base64 with flag, or iotaprivkey1...)."""
    try:
        key = _read_key(file.read_text(errors="replace").strip())
    except OSError as error:
        raise WalletError(f"cannot read {file}: {error.strerror}") from error
    output.fields(_key_json(key))


@app.command(epilog="Example: movelite keytool export --key-identity happy-opal")
def export(
    key: Annotated[str | None, typer.Argument(help="The same, without its name.")] = None,
    key_identity: Annotated[str | None, typer.Option(help="Address or alias of the key.")] = None,
) -> None:
    """Print a private key of the keystore."""
    if (key is None) == (key_identity is None):
        raise typer.BadParameter("name one key: --key-identity ADDRESS or ALIAS")
    keystore = _keystore()
    found = keystore.key(keystore.resolve(key_identity or key or ""))
    shown = _key_json(found, keystore.alias(address_of(found.scheme, found.public_key)))
    private = {"exportedPrivateKey": encode_private_key(found)}
    output.fields({**private, "key": shown} if output.is_json() else {**private, **shown})


@app.command(epilog="Example: movelite keytool convert iotaprivkey1...")
def convert(value: Annotated[str, typer.Argument(help="iotaprivkey1..., Base64 or 0x...")]) -> None:
    """Show a private key in its other forms."""
    key = _read_key(value)
    output.fields(
        {
            "bech32WithFlag": encode_private_key(key),
            "base64WithFlag": b64encode(bytes((key.scheme,)) + key.secret).decode(),
            "hexWithoutFlag": key.secret.hex(),
            "scheme": key.scheme.name.lower(),
        }
    )


@app.command("update-alias", epilog="Example: movelite keytool update-alias happy-opal work")
def update_alias(
    old_alias: Annotated[str, typer.Argument(help="The alias, or the address.")],
    new_alias: Annotated[str | None, typer.Argument(help="Its new name; else one is made.")] = None,
) -> None:
    """Give a key another alias, a random one if none is named."""
    with changing(_keystore) as keystore:
        renamed = keystore.rename(old_alias, new_alias)
    output.fields({"oldAlias": old_alias, "newAlias": renamed})


@app.command(epilog="Example: movelite keytool sign --address happy-opal --data BASE64")
def sign(
    address: Annotated[str, typer.Option(help="Address or alias of the key.")],
    data: Annotated[str, typer.Option(help="Base64 of the transaction.")],
    intent: Annotated[int, typer.Option(help="0: transaction, 3: personal message.")] = 0,
) -> None:
    """Sign a transaction."""
    if intent not in (Scope.TRANSACTION_DATA, Scope.PERSONAL_MESSAGE):
        raise typer.BadParameter("--intent is 0 (a transaction) or 3 (a personal message)")
    scope, raw = Scope(intent), read_base64(data)
    if scope is Scope.TRANSACTION_DATA:
        _read_transaction(raw)
    keystore = _keystore()
    signer = keystore.resolve(address)
    message = intent_message(scope, raw)
    digest = blake2b_256(message)
    output.fields(
        {
            "iotaAddress": format_address(signer),
            "rawTxData": data,
            "intent": {"scope": int(scope), "version": 0, "app_id": 0},
            "rawIntentMsg": b64encode(message).decode(),
            "digest": b64encode(digest).decode(),
            "iotaSignature": b64encode(sign_digest(keystore.key(signer), digest)).decode(),
        }
    )


@app.command("decode-or-verify-tx", epilog="Example: movelite keytool decode-or-verify-tx --tx-bytes BASE64")
def decode_or_verify_tx(
    tx_bytes: Annotated[str, typer.Option(help="Base64 of the transaction.")],
    sig: Annotated[str | None, typer.Option(help="Base64 of a signature.")] = None,
    cur_epoch: Annotated[int, typer.Option(hidden=True)] = 0,
) -> None:
    """Show a transaction, and check a signature of it."""
    from aggregator.service.transaction_json import transaction_data_json  # only now: it takes long

    data = _read_transaction(read_base64(tx_bytes))
    shown: dict[str, Any] = {"tx": asyncio.run(transaction_data_json(data, None)), "result": None}
    if sig is not None:
        signature = read_signature(read_base64(sig))
        signature.verify(Scope.TRANSACTION_DATA, bcs.encode(TransactionData, data))
        shown["result"] = f"valid signature of {format_address(signer_address(signature))}"
    if output.is_json():
        output.show_json(shown)
        return
    output.say(json.dumps(shown["tx"], indent=2))
    if shown["result"] is not None:
        output.say(shown["result"], "green")


def _read_transaction(raw: bytes) -> TransactionData:
    try:
        return bcs.decode(TransactionData, raw)
    except bcs.BcsError as error:
        raise WalletError(f"these bytes are no transaction: {error}") from error


def _read_key(text: str) -> KeyPair:
    if text.startswith("iotaprivkey"):
        return decode_private_key(text)
    is_hex = text.startswith("0x")
    try:
        raw = bytes.fromhex(text[2:]) if is_hex else b64decode(text, validate=True)
    except ValueError as error:
        raise InvalidKey("neither iotaprivkey1... nor Base64 nor 0x...") from error
    if is_hex or len(raw) == 32:
        return key_pair(SignatureScheme.ED25519, raw)
    if len(raw) != 33 or raw[0] not in (0, 1, 2):
        raise InvalidKey("a key with its flag has 33 bytes")
    return key_pair(SignatureScheme(raw[0]), raw[1:])
