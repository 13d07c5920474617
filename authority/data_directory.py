"""Whose a data directory is: of one network and of one authority, both written down when it begins."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

from authority.genesis import Genesis
from authority.key_value import KeyValueStore
from authority.store import AuthorityStore, CorruptStore
from proto.committee import AuthorityName
from proto.ids import Digest, format_digest


class ForeignData(Exception):
    """The data directory belongs to another network, or to another authority."""


def open_store(disk: KeyValueStore, genesis: Genesis, name: AuthorityName, path: Path) -> AuthorityStore:
    """The data of an authority, begun from the genesis if there are none. path: for people.

    Raises: StorageError; CorruptStore; ForeignData. Then the disk is closed.
    """
    try:
        store = AuthorityStore(disk)
        check_owner(path, store.genesis_digest, store.authority, genesis, name)
        if store.genesis_digest is None:
            unit = store.begin()
            unit.add_objects(genesis.objects)
            unit.add_genesis(genesis.digest())
            unit.commit()
        if store.authority is None:  # also those of before it was written down
            store.put_authority(name)
    except CorruptStore as error:
        disk.close()
        raise CorruptStore(f"{path}: {error}") from error
    except BaseException:
        disk.close()
        raise
    return store


def check_owner(
    path: Path, found: bytes | None, owner: AuthorityName | None, genesis: Genesis, name: AuthorityName
) -> None:
    """See that data are of this network and this authority, as far as they say. found: their genesis.

    Raises: ForeignData.
    """
    if found is not None and found != genesis.digest():
        theirs, ours = format_digest(Digest(found)), format_digest(genesis.digest())
        raise ForeignData(
            f"{path} holds the data of the network {theirs}, and the genesis file is of {ours}: take the "
            "genesis.blob of the data's network, or name an empty directory as data_dir in authority.yaml"
        )
    if owner is not None and owner != name:
        raise ForeignData(
            f"{path} holds the data of the authority {b64encode(owner).decode()}, and the key is of "
            f"{b64encode(name).decode()}: correct data_dir or key_file in authority.yaml. With the data of "
            "another an authority would not know what it has signed itself"
        )
