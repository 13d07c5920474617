"""Where the packages of a graph live on a network: what their Move.toml and their Move.lock say."""

from __future__ import annotations

from dataclasses import dataclass, field

from proto.ids import Address

from .graph import PackageGraph, PackageNode
from .lock import published_on
from .manifest import parse_address


@dataclass(slots=True)
class PublishedIds:
    """Where each package lives by its name; the names of those that live nowhere; and what is wrong with
    what the others say, in whole sentences by the package's name."""

    latest: dict[str, Address] = field(default_factory=dict)
    original: dict[str, int] = field(default_factory=dict)
    unpublished: list[str] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)


def published_ids(graph: PackageGraph, chain_id: str | None) -> PublishedIds:
    """Where the packages of a graph live on a chain (without one, what the Move.toml files say).

    `original` has the first version's address of the dependencies whose Move.lock tells it.
    Raises: ManifestError for an unreadable Move.lock.
    """
    ids = PublishedIds()
    for node in graph.packages.values():
        _add(ids, node, chain_id, node is graph.root)
    return ids


def _add(ids: PublishedIds, node: PackageNode, chain_id: str | None, is_root: bool) -> None:
    text = node.manifest.published_at
    written = parse_address(text) if text is not None else 0
    if written is None:
        ids.problems[node.name] = f"'published-at' in {node.manifest.path} is '{text}', which is no address"
        return
    recorded = published_on(node.folder, chain_id)
    if recorded is not None and not is_root:
        ids.original[node.name] = recorded.original_id
    locked = recorded.latest_id if recorded is not None else 0
    if locked and written and locked != written:
        ids.problems[node.name] = (
            f"'published-at' in {node.manifest.path} is 0x{written:x}, but by the Move.lock beside it the "
            f"package is at 0x{locked:x} on this network"
        )
    elif locked or written:
        ids.latest[node.name] = Address((locked or written).to_bytes(32, "big"))
    else:
        ids.unpublished.append(node.name)
