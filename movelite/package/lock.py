"""Move.lock: where a package was published, network by network."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from .errors import ManifestError
from .manifest import parse_address

LOCK = "Move.lock"

_VERSION = re.compile(r"[0-9]{1,20}")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class PublishedPackage:
    """Where a package lives on one network."""

    environment: str
    chain_id: str
    original_id: int
    latest_id: int
    version: int


def read_published(folder: Path) -> list[PublishedPackage]:
    """The [env] sections of the package's Move.lock; none without one. Raises: ManifestError."""
    path = folder / LOCK
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, ValueError, RecursionError) as error:
        hint = "Delete it; it is made anew by a build. Only the addresses under [env] are lost."
        raise ManifestError(f"cannot be read: {error}", path, hint) from None
    found: list[PublishedPackage] = []
    environments = table.get("env", {})
    for name, entry in environments.items() if isinstance(environments, dict) else ():
        if not isinstance(entry, dict):
            raise ManifestError(f"env.{name} is no section", path)
        original = parse_address(str(entry.get("original-published-id", "")))
        latest = parse_address(str(entry.get("latest-published-id", "")))
        version = str(entry.get("published-version", "1"))
        if original is None or latest is None or not _VERSION.fullmatch(version):
            hint = (
                "Delete the section and note where the package is published with 'published-at' in Move.toml."
            )
            raise ManifestError(f"[env.{name}] has no valid published ids and version", path, hint)
        found.append(PublishedPackage(name, str(entry.get("chain-id", "")), original, latest, int(version)))
    return found


def published_on(folder: Path, chain_id: str | None) -> PublishedPackage | None:
    """Where the package lives on a chain, as its Move.lock says."""
    if chain_id is None:
        return None
    return next((p for p in read_published(folder) if p.chain_id == chain_id), None)


def _key(name: str) -> str:
    """A key of TOML; JSON's quotes are TOML's, too."""
    return name if _BARE_KEY.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def write_published(folder: Path, published: PublishedPackage) -> None:
    """Record in Move.lock that the package was published; the rest of the file stays as it is."""
    path = folder / LOCK
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    header = f"[env.{_key(published.environment)}]"
    kept: list[str] = []
    skipping = False
    for line in text.splitlines():
        if line.strip().startswith("["):
            skipping = line.strip() == header
        if not skipping:
            kept.append(line)
    entry = [
        header,
        f'chain-id = "{published.chain_id}"',
        f'original-published-id = "0x{published.original_id:064x}"',
        f'latest-published-id = "0x{published.latest_id:064x}"',
        f'published-version = "{published.version}"',
    ]
    body = "\n".join(kept).rstrip()
    path.write_text((body + "\n\n" if body else "") + "\n".join(entry) + "\n", encoding="utf-8")
