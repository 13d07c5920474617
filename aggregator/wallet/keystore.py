"""The key file of a wallet, in IOTA's form: iota.keystore with the keys, iota.aliases with names for them.

iota.keystore is a JSON array of `iotaprivkey1...`; iota.aliases, beside it under the same stem, a JSON array
of {alias, public_key_base64}, the latter with the flag of the scheme before the key.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from base64 import b64encode
from pathlib import Path
from typing import Any

from proto.crypto import InvalidKey, KeyPair, SignatureScheme, address_of
from proto.ids import Address, InvalidAddress, blake2b_256, format_address, parse_address
from proto.key_text import decode_private_key, encode_private_key

MAX_FILE_BYTES = 10 << 20

_ALIAS = re.compile(r"[A-Za-z][A-Za-z0-9-_.]*")
_FIRST = (
    "agile",
    "bold",
    "calm",
    "dapper",
    "eager",
    "fair",
    "gentle",
    "happy",
    "keen",
    "lucid",
    "merry",
    "noble",
)
_SECOND = (
    "agate",
    "beryl",
    "citrine",
    "diamond",
    "emerald",
    "garnet",
    "jade",
    "jasper",
    "opal",
    "pearl",
    "ruby",
)


class WalletError(Exception):
    """A wallet file that cannot be used, or a key that is not in it."""


class Keystore:
    """Keys by address, with their aliases. Changes are written at once, and whole or not at all."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._keys: dict[Address, KeyPair] = {}
        self._aliases: dict[Address, str] = {}

    @staticmethod
    def load(path: Path) -> Keystore:
        """Read a keystore; a file that is not there is an empty one.

        Raises: WalletError, naming the file and what is wrong; the file stays as it is.
        """
        keystore = Keystore(path)
        for number, text in enumerate(_read_list(path)):
            try:
                key = decode_private_key(text)
            except (InvalidKey, AttributeError, TypeError) as error:
                raise WalletError(f"the keystore {path} is corrupt: entry {number}: {error}") from error
            keystore._keys[address_of(key.scheme, key.public_key)] = key
        by_key = {_flagged(key): address for address, key in keystore._keys.items()}
        for entry in _read_list(keystore.alias_path):
            address = by_key.get(entry.get("public_key_base64", "")) if isinstance(entry, dict) else None
            if address is not None and isinstance(entry.get("alias"), str):
                keystore._aliases[address] = entry["alias"]
        for address in keystore._keys:
            if address not in keystore._aliases:
                keystore._aliases[address] = keystore._alias_of(address)
        return keystore

    @property
    def alias_path(self) -> Path:
        """The file of the aliases."""
        return self.path.with_suffix(".aliases")

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Addresses in the order of the file."""
        return tuple(self._keys)

    def key(self, address: Address) -> KeyPair:
        """The key of an address. Raises: WalletError."""
        if address not in self._keys:
            raise WalletError(f"the keystore {self.path} has no key for {format_address(address)}")
        return self._keys[address]

    def alias(self, address: Address) -> str:
        """The name of an address."""
        return self._aliases.get(address, "")

    def resolve(self, identity: str) -> Address:
        """The address that text names: an alias, or the address itself (which need not be in the file).

        Raises: WalletError.
        """
        for address, alias in self._aliases.items():
            if alias == identity:
                return address
        try:
            return parse_address(identity)
        except InvalidAddress as error:
            known = ", ".join(sorted(self._aliases.values())) or "none"
            raise WalletError(f"{identity!r} is no address and no alias (aliases: {known})") from error

    def add(self, key: KeyPair, alias: str | None = None) -> Address:
        """Add a key. Raises: WalletError if the alias is taken or malformed."""
        address = address_of(key.scheme, key.public_key)
        name = alias or self._aliases.get(address) or self._alias_of(address)
        self._check_alias(name, address)
        self._keys[address] = key
        self._aliases[address] = name
        self.save()
        return address

    def generate(
        self,
        scheme: SignatureScheme,
        alias: str | None = None,
        word_count: int = 12,
        derivation_path: str | None = None,
    ) -> tuple[Address, str]:
        """Make a key from a new mnemonic and keep it; its address and the words, which are kept nowhere.

        Raises: WalletError if the alias is taken or malformed; InvalidDerivationPath.
        """
        from proto.key_derivation import derive_key_pair, generate_mnemonic  # only who makes keys needs it

        words = generate_mnemonic(word_count)
        return self.add(derive_key_pair(words, scheme, derivation_path), alias), words

    def rename(self, old: str, new: str | None = None) -> str:
        """Give an alias (or address) a new alias, a random one if none is named. Raises: WalletError."""
        address = self.resolve(old)
        self.key(address)
        name = new or self._alias_of(Address(secrets.token_bytes(32)))
        self._check_alias(name, address)
        self._aliases[address] = name
        self.save()
        return name

    def save(self) -> None:
        """Write both files. Raises: WalletError."""
        keys = [encode_private_key(key) for key in self._keys.values()]
        aliases = [
            {"alias": self._aliases[address], "public_key_base64": _flagged(key)}
            for address, key in self._keys.items()
        ]
        write_private(self.path, json.dumps(keys, indent=2))
        write_private(self.alias_path, json.dumps(aliases, indent=2))

    def _check_alias(self, alias: str, address: Address) -> None:
        if _ALIAS.fullmatch(alias) is None:
            raise WalletError(f"{alias!r} is no alias: a letter first, then letters, digits, - and _")
        if any(name == alias and other != address for other, name in self._aliases.items()):
            raise WalletError(f"the alias {alias!r} is taken")

    def _alias_of(self, address: Address) -> str:
        """A name that is not taken, by the address: whoever reads a file without it gets the same again."""
        seed: bytes = address
        while True:
            seed = blake2b_256(seed)
            alias = f"{_FIRST[seed[0] % len(_FIRST)]}-{_SECOND[seed[1] % len(_SECOND)]}"
            if len(self._aliases) > len(_FIRST) * len(_SECOND) // 2:
                alias += f"-{seed[2:5].hex()}"
            if alias not in self._aliases.values():
                return alias


def _flagged(key: KeyPair) -> str:
    return b64encode(bytes((key.scheme,)) + key.public_key).decode()


def _read_list(path: Path) -> list[Any]:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise WalletError(f"{path} is too large")
        content = json.loads(path.read_text())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise WalletError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise WalletError(f"{path} is corrupt: {error}") from error
    if not isinstance(content, list):
        raise WalletError(f"{path} is corrupt: it holds no list")
    return content


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all.

    Raises: WalletError.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(text + "\n")
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise WalletError(f"cannot write {path}: {error.strerror}") from error
