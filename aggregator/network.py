"""Which network: its committee with names and addresses, as the file committee.json.

It is all that a client needs to trust: the client service connects with it, receipts are verified with it.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, ValidationError

from proto.committee import AuthorityName, Committee
from proto.ids import Digest, format_digest, parse_digest

MAX_FILE_BYTES = 1 << 20
MAX_NAME = 64
"""Characters of an authority's name."""


class NetworkFileError(Exception):
    """A committee file that cannot be used."""


def problems_of(error: ValidationError) -> str:
    """What is wrong with a file, field by field, without what is in it."""
    found = [(".".join(map(str, problem["loc"])), problem["msg"]) for problem in error.errors()]
    return "; ".join(f"{place}: {text}" if place else text for place, text in found)


def _key(text: str | bytes) -> bytes:
    key = b64decode(text, validate=True) if isinstance(text, str) else text
    if len(key) != 32:
        raise ValueError("a public key has 32 bytes")
    return key


_Key = Annotated[bytes, BeforeValidator(_key), PlainSerializer(lambda key: b64encode(key).decode())]
_Digest = Annotated[
    bytes,
    BeforeValidator(lambda v: parse_digest(v) if isinstance(v, str) else v),
    PlainSerializer(format_digest),
]


class Member(BaseModel):
    """An authority: name for people, key (Base64 in the file), stake, host:port."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
    public_key: _Key
    stake: Annotated[int, Field(gt=0, lt=2**64)]
    address: str


class GenesisTotals(BaseModel):
    """What the genesis made. supply: nanos in all its coins; packages are among the objects."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    supply: Annotated[int, Field(ge=0)]
    objects: Annotated[int, Field(ge=0)]
    packages: Annotated[int, Field(ge=0)]


class Network(BaseModel):
    """A network. chain: digest of its genesis; genesis: None in files of before it was told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    chain: _Digest
    epoch: int = 0
    members: tuple[Member, ...]
    genesis: GenesisTotals | None = None

    def committee(self) -> Committee:
        """Who decides."""
        return Committee.of(self.epoch, {AuthorityName(m.public_key): m.stake for m in self.members})

    def name_of(self, authority: bytes) -> str:
        """An authority's name for people."""
        return next((m.name for m in self.members if m.public_key == authority), authority.hex()[:16])

    @property
    def chain_digest(self) -> Digest:
        """Digest of the genesis."""
        return Digest(self.chain)

    def save(self, path: Path) -> None:
        """Write the file."""
        path.write_text(self.model_dump_json(indent=2) + "\n")

    @staticmethod
    def load(path: Path) -> Network:
        """Read the file.

        Raises: NetworkFileError, naming the file and what is wrong.
        """
        try:
            if path.stat().st_size > MAX_FILE_BYTES:
                raise NetworkFileError(f"{path} is too large for a committee")
            network = Network.model_validate(json.loads(path.read_text()))
            network.committee()
            return network
        except OSError as error:
            raise NetworkFileError(f"cannot read the committee {path}: {error.strerror}") from error
        except ValidationError as error:
            raise NetworkFileError(f"{path} is no committee: {problems_of(error)}") from error
        except (ValueError, RecursionError) as error:
            raise NetworkFileError(f"{path} is no committee: {error}") from error
