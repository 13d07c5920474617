"""The facts that `movelite authority info` shows."""

from __future__ import annotations

import shutil
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

from authority.config import AuthorityConfig, ConfigError, load_config
from authority.data_directory import check_owner
from authority.genesis import Genesis
from authority.node import load_key
from authority.service import SOFTWARE
from authority.survey import survey_store
from cli.network_files import network_of
from proto.committee import AuthorityName
from proto.errors import AuthorityError
from proto.ids import format_digest
from proto.messages import HealthRequest, HealthResponse
from proto.rpc.client import TLS_SCHEME, FramesPort, GrpcAuthorityClient

ANSWER_SECONDS = 3.0


class InvalidAuthorityKey(Exception):
    """Text that is no public key of an authority."""


def read_key(text: str | None) -> AuthorityName | None:
    """A public key from Base64 or hex. Raises: InvalidAuthorityKey."""
    if text is None:
        return None
    try:
        hexadecimal = text.removeprefix("0x")
        key = bytes.fromhex(hexadecimal) if len(hexadecimal) == 64 else b64decode(text, validate=True)
    except ValueError as error:
        raise InvalidAuthorityKey(f"{text} is neither Base64 nor hex") from error
    if len(key) != 32:
        raise InvalidAuthorityKey(f"a public key has 32 bytes, not {len(key)}")
    return AuthorityName(key)


async def of_address(address: str, key: AuthorityName | None) -> dict[str, Any]:
    """What an authority says of itself. Raises: AuthorityError, InvalidAuthorityKey."""
    if address.startswith(TLS_SCHEME) and key is None:
        raise InvalidAuthorityKey(f"{address} speaks TLS: give its --key, as in committee.json")
    health, frames = await _ask(address, key)
    shown = {"address": address, "tls": address.startswith(TLS_SCHEME), **_of_health(health)}
    return shown | _of_frames(frames)


async def of_config(path: Path) -> dict[str, Any]:
    """An authority's configuration, its place in the committee, what it says if it runs, and what it keeps.

    Raises: ConfigError, GenesisError, StorageError, CorruptStore, ForeignData.
    """
    config = load_config(path)
    genesis = Genesis.load(config.genesis)
    name = AuthorityName(load_key(config.key_file).public_key)
    member = next((one for one in genesis.authorities if one.public_key == name), None)
    if member is None:
        raise ConfigError(f"the key {config.key_file} is none of the committee in {config.genesis}")
    committee = genesis.committee()
    shown: dict[str, Any] = {
        "name": config.name,
        "key": b64encode(name).decode(),
        "address": member.address,
        "listen": config.listen,
        "listenFrames": config.listen_frames,
        "tls": config.tls,
        "metrics": config.metrics,
        "chain": format_digest(genesis.digest()),
        "epoch": committee.epoch,
        "stake": member.stake,
        "totalStake": committee.total_stake,
        "committee": len(committee),
        "members": network_of(genesis).model_dump(mode="json")["members"],
        "protocolVersion": genesis.protocol_version,
        "referenceGasPrice": genesis.reference_gas_price,
        "software": SOFTWARE,
    }
    return shown | await _running(config, name) | _kept(config, genesis, name)


async def _running(config: AuthorityConfig, name: AuthorityName) -> dict[str, Any]:
    address = config.listen.replace("0.0.0.0", "127.0.0.1").replace("[::]", "[::1]")
    try:
        health, frames = await _ask(f"{TLS_SCHEME if config.tls else ''}{address}", name)
    except AuthorityError as error:
        return {"running": False, "reason": str(error)}
    if health.authority != name:
        return {"running": False, "reason": f"{address} is used by another authority"}
    return {"running": True, "runningSoftware": health.software} | _of_frames(frames)


def _kept(config: AuthorityConfig, genesis: Genesis, name: AuthorityName) -> dict[str, Any]:
    if not (config.data_dir / "CURRENT").is_file():
        return {"dataDir": str(config.data_dir), "executed": 0, "note": "no data yet: it has never run"}
    found = survey_store(config.data_dir)
    check_owner(config.data_dir, found.genesis_digest, found.authority, genesis, name)
    return {
        "dataDir": str(config.data_dir),
        "executed": found.executed,
        "objects": found.objects,
        "objectVersions": found.versions,
        "pendingTransactions": found.pending,
        "locks": found.locks,
        "votes": not found.has_lost_votes,
        "diskBytes": found.disk_bytes,
        "diskFreeBytes": shutil.disk_usage(config.data_dir).free,
    }


async def _ask(address: str, name: AuthorityName | None) -> tuple[HealthResponse, FramesPort]:
    client = GrpcAuthorityClient(address, ANSWER_SECONDS, name)
    try:
        return await client.handle_health(HealthRequest()), await client.frames()
    finally:
        await client.close()


def _of_frames(frames: FramesPort) -> dict[str, Any]:
    """Where votes go: in frames at a port, or by gRPC because that one cannot be had."""
    reached = "in frames" if frames.trouble is None else f"by gRPC, which takes longer: {frames.trouble}"
    return {"framesPort": frames.port, "votesGo": reached}


def _of_health(health: HealthResponse) -> dict[str, Any]:
    return {
        "key": b64encode(health.authority).decode(),
        "software": health.software,
        "chain": format_digest(health.chain),
        "epoch": health.committee.epoch,
        "stake": health.committee.stake_of(health.authority),
        "totalStake": health.committee.total_stake,
        "committee": len(health.committee),
        "protocolVersion": health.protocol_version,
        "referenceGasPrice": health.reference_gas_price,
        "executed": health.executed,
    }
