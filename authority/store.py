"""What an authority keeps: object versions, who owns what, pending votes, executed transactions.

Every change goes through a UnitOfWork, which is one atomic and durable batch of the key-value store.
Within a unit, later transactions see the objects that earlier ones wrote.

Keys are a table letter and then:
    o  object id, version     one row per version: the object, or a mark that it was deleted or wrapped
    a  address, object id     index of live objects by the address that owns them
    c  object id, object id   index of live objects by the object that owns them
    p  transaction digest     the signed transaction behind a vote; its inputs are locked
    x  transaction digest     an executed transaction with effects, events and where its certificate is
    b  number                 the certificates of a batch
    s  sequence               digests of the transactions of one commit, executed as sequence-th and after
    m  name                   genesis; that votes were lost; positions in the sequences of peers
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from operator import is_

from authority.certificates import CertifiedBatch, InBatch, StoredCertificate, certificate_in_batch
from authority.key_value import Batch, KeyValueStore
from proto import bcs
from proto.committee import AuthorityName
from proto.ids import DIGEST_LENGTH, Digest, ObjectID, SequenceNumber
from proto.messages import Certificate
from proto.object import AddressOwner, Object, ObjectOwner, ObjectRef, Owner
from proto.record import record

OBJECT_CACHE_SIZE = 200_000
"""Live objects kept decoded in memory."""
LARGE_OBJECT_BYTES, LARGE_OBJECTS = 2048, 1000
"""An object above so many bytes is large, and so many large ones are kept: 256 MB at most."""
PENDING_CACHE_BYTES = 64 << 20
"""Transactions voted for that are kept in memory; of older ones only their digests."""

_Positions = tuple[tuple[AuthorityName, bcs.U64], ...]

_GENESIS, _LOST_VOTES, _POSITIONS = b"mgenesis", b"mlostvotes", b"mpositions"

FORMAT = 2
"""Version of how the rows are laid out; stands before the digest of the genesis."""


class CorruptStore(Exception):
    """A row that this program did not write: the directory has to be restored."""


class _Mark(IntEnum):
    """First byte of an object row."""

    LIVE = 0
    DELETED = 1
    WRAPPED = 2


_LIVE = bytes([_Mark.LIVE])


@record
class ExecutedTransaction:
    """Everything kept of an executed transaction; the byte fields are BCS.

    sequence counts this authority's executions from 0.
    """

    sequence: bcs.U64
    transaction: bytes
    certificate: StoredCertificate
    effects: bytes
    events: bytes


@dataclass(frozen=True, slots=True)
class Removed:
    """A live object that a transaction deleted or wrapped, and the version at which it did."""

    id: ObjectID
    version: SequenceNumber
    is_wrapped: bool


class AuthorityStore:
    """The tables over a key-value store, with the live objects that were seen last in memory."""

    def __init__(self, key_value: KeyValueStore) -> None:
        self._key_value = key_value
        self.reload()

    def reload(self) -> None:
        """Forget what is in memory, and read again what is kept there."""
        self._live: OrderedDict[ObjectID, Object | None] = OrderedDict()
        self._large: OrderedDict[ObjectID, None] = OrderedDict()
        self._pending = {Digest(key[1:]) for key, _ in self._key_value.scan(b"p")}
        self._recent_pending: OrderedDict[Digest, bytes] = OrderedDict()
        self._recent_bytes = 0
        self.next_sequence = self._count_executed()
        self.has_lost_votes = self._key_value.get(_LOST_VOTES) is not None
        """Whether the authority has signed votes that are not here; never taken back."""

    def _count_executed(self) -> int:
        last = self._key_value.last_at_most(_sequence_key(2**64 - 1))
        if last is None or last[0][:1] != b"s":
            return 0
        return int.from_bytes(last[0][1:], "big") + len(last[1]) // DIGEST_LENGTH

    def get_object(self, object_id: ObjectID) -> Object | None:
        """The live object, or None if it never was, is deleted or is wrapped."""
        try:
            return self._live[object_id]
        except KeyError:
            pass
        found = self.get_object_at_most(object_id, 2**64 - 1)
        self._remember(object_id, found)
        return found

    def get_object_at(self, object_id: ObjectID, version: SequenceNumber) -> Object | None:
        """The object as it was written at exactly version."""
        row = self._key_value.get(_object_key(object_id, version))
        return None if row is None else _decode_object(row)

    def get_object_at_most(self, object_id: ObjectID, version: SequenceNumber) -> Object | None:
        """The object as of version: its newest form not above it; None if that is a removal."""
        entry = self._key_value.last_at_most(_object_key(object_id, version))
        if entry is None or entry[0][:33] != b"o" + object_id:
            return None
        return _decode_object(entry[1])

    def last_version(self, object_id: ObjectID) -> tuple[SequenceNumber, bool] | None:
        """Newest version of an id and whether the object is live at it; None if it never was."""
        entry = self._key_value.last_at_most(_object_key(object_id, 2**64 - 1))
        if entry is None or entry[0][:33] != b"o" + object_id:
            return None
        return int.from_bytes(entry[0][33:], "big"), entry[1][:1] == _LIVE

    def count_objects(self) -> tuple[int, int]:
        """Live objects, and versions of all objects; reads every row."""
        live, versions = 0, 0
        last_id, is_live = b"", False
        for key, value in self._key_value.scan(b"o"):
            if key[1:33] != last_id:
                live += is_live
                last_id = key[1:33]
            is_live = value[:1] == _LIVE
            versions += is_live
        return live + is_live, versions

    def was_received(self, object_id: ObjectID, version: SequenceNumber) -> bool:
        """Whether the object was sent to another object at that version, and was received."""
        return self._key_value.get(_received_key(object_id, version)) is not None

    def is_wrapped_at(self, object_id: ObjectID, version: SequenceNumber) -> bool:
        """Whether the removal of an object at a version was a wrapping."""
        return self._key_value.get(_object_key(object_id, version)) == bytes([_Mark.WRAPPED])

    def owned_objects(self, owner: Owner, after: ObjectID | None = None) -> Iterator[ObjectID]:
        """Ids of the live objects of an address or a parent object, ascending, those behind `after`."""
        prefix = _owner_prefix(owner)
        if prefix is None:
            return
        start = prefix if after is None else prefix + after + b"\x00"
        for key, _ in self._key_value.scan(prefix, start):
            yield ObjectID(key[33:])

    def pending_transactions(self) -> Iterator[tuple[Digest, bytes]]:
        """Transactions voted for and not yet executed, as (digest, SenderSignedData)."""
        return ((Digest(key[1:]), value) for key, value in self._key_value.scan(b"p"))

    def pending_transaction(self, digest: Digest) -> bytes | None:
        """The SenderSignedData voted for under digest, if it is not yet executed."""
        raw = self._recent_pending.get(digest)
        return self._key_value.get(b"p" + digest) if raw is None and digest in self._pending else raw

    def is_pending(self, digest: Digest) -> bool:
        """Whether the transaction was voted for and is not yet executed."""
        return digest in self._pending

    def executed(self, digest: Digest) -> ExecutedTransaction | None:
        """The record of an executed transaction."""
        if digest in self._pending:
            return None
        row = self._key_value.get(b"x" + digest)
        return None if row is None else _decode_executed(row)

    def is_executed(self, digest: Digest) -> bool:
        """Whether a transaction is executed."""
        return digest not in self._pending and self._key_value.get(b"x" + digest) is not None

    def certificate(self, executed: ExecutedTransaction) -> Certificate:
        """The certificate of an executed transaction."""
        match executed.certificate:
            case Certificate() as certificate:
                return certificate
            case InBatch(batch, index):
                row = self._key_value.get(_batch_key(batch))
                if row is None:
                    raise CorruptStore(f"the certificates of batch {batch} are missing")
                return certificate_in_batch(row, index)

    def executed_from(self, sequence: int) -> Iterator[tuple[int, Digest]]:
        """(sequence, digest) of what was executed as sequence-th and after."""
        commit = self._key_value.last_at_most(_sequence_key(sequence))
        start = _sequence_key(sequence) if commit is None else commit[0]
        for key, digests in self._key_value.scan(b"s", start):
            first = int.from_bytes(key[1:], "big")
            for number in range(max(sequence, first), first + len(digests) // DIGEST_LENGTH):
                place = (number - first) * DIGEST_LENGTH
                yield number, Digest(digests[place : place + DIGEST_LENGTH])

    @property
    def genesis_digest(self) -> bytes | None:
        """Digest of the genesis this store began with; None if it is empty.

        Raises: CorruptStore if another version of the program has written the store.
        """
        row = self._key_value.get(_GENESIS)
        if row is not None and (len(row) != 1 + DIGEST_LENGTH or row[0] != FORMAT):
            raise CorruptStore(
                "the data are in the format of another version of Movelite: run the version that wrote them "
                "(without its locks an authority could sign twice, so do not remove them)"
            )
        return None if row is None else row[1:]

    def positions(self) -> Mapping[AuthorityName, int]:
        """How much of what each peer executed was looked at, at least."""
        row = self._key_value.get(_POSITIONS)
        return {} if row is None else dict(bcs.decode(_Positions, row))

    def put_positions(self, positions: Mapping[AuthorityName, int]) -> None:
        """Keep them. Raises: StorageError."""
        batch = Batch()
        batch.put(_POSITIONS, bcs.encode(_Positions, tuple(sorted(positions.items()))))
        self._key_value.write(batch)

    def put_lost_votes(self) -> None:
        """Note that votes were lost. Raises: StorageError."""
        batch = Batch()
        batch.put(_LOST_VOTES, b"")
        self._key_value.write(batch)
        self.has_lost_votes = True

    def put_genesis_objects(self, objects: Iterable[Object]) -> None:
        """Store objects that no transaction made."""
        unit = self.begin()
        unit.add_objects(objects)
        unit.commit()

    def begin(self) -> UnitOfWork:
        """A unit of work on top of what is stored now."""
        return UnitOfWork(self)

    def close(self) -> None:
        """Release the key-value store."""
        self._key_value.close()

    def _commit(self, unit: UnitOfWork) -> None:
        self._key_value.write(unit.batch)
        self.next_sequence = unit.next_sequence
        if unit.pending:
            self._keep_pending(unit.pending)
        for digest in unit.executed_here:
            self._pending.discard(digest)
            self._recent_bytes -= len(self._recent_pending.pop(digest, b""))
        for object_id, value in unit.live.items():
            self._remember(object_id, value)

    def _keep_pending(self, pending: Mapping[Digest, bytes]) -> None:
        """Keep what was voted for until it is executed, the oldest only by their digests."""
        self._pending.update(pending)
        recent = self._recent_pending
        recent.update(pending)
        self._recent_bytes += sum(map(len, pending.values()))
        while self._recent_bytes > PENDING_CACHE_BYTES:
            self._recent_bytes -= len(recent.popitem(last=False)[1])

    def _remember(self, object_id: ObjectID, value: Object | None) -> None:
        """Keep what was read or written; what is not written again is the first to go."""
        live = self._live
        live.pop(object_id, None)
        live[object_id] = value
        if len(live) > OBJECT_CACHE_SIZE:
            live.popitem(last=False)
        if value is not None and value.metered_size > LARGE_OBJECT_BYTES:
            self._remember_large(object_id)

    def _remember_large(self, object_id: ObjectID) -> None:
        """Count a large object, and let the oldest go."""
        large = self._large
        large[object_id] = None
        large.move_to_end(object_id)
        if len(large) > LARGE_OBJECTS:
            self._live.pop(large.popitem(last=False)[0], None)


class UnitOfWork:
    """Changes that are committed together. Reads see them before they are committed."""

    def __init__(self, store: AuthorityStore) -> None:
        self._store = store
        self.batch = Batch()
        self.live: dict[ObjectID, Object | None] = {}
        self.pending: dict[Digest, bytes] = {}
        self.executed_here: dict[Digest, ExecutedTransaction] = {}
        self._versions: dict[ObjectID, dict[SequenceNumber, Object | None]] = {}
        self._received: set[tuple[ObjectID, SequenceNumber]] = set()

    @property
    def next_sequence(self) -> int:
        """Number of the transaction that is executed next."""
        return self._store.next_sequence + len(self.executed_here)

    def get_object(self, object_id: ObjectID) -> Object | None:
        """The live object, with this unit's changes."""
        if object_id in self.live:
            return self.live[object_id]
        return self._store.get_object(object_id)

    def are_live(self, objects: Mapping[ObjectID, Object]) -> bool:
        """Whether these very objects are live and in memory: what was checked of them still holds."""
        kept = map(self._store._live.get, objects)
        return all(map(is_, kept, objects.values())) and self.live.keys().isdisjoint(objects)

    def get_object_at(self, object_id: ObjectID, version: SequenceNumber) -> Object | None:
        """The object as it was written at exactly version, with this unit's changes."""
        mine = self._versions.get(object_id)
        if mine is not None and version in mine:
            return mine[version]
        return self._store.get_object_at(object_id, version)

    def get_object_at_most(self, object_id: ObjectID, version: SequenceNumber) -> Object | None:
        """The newest form of the object not above version, with this unit's changes."""
        mine = self._versions.get(object_id)
        if mine is not None:
            newest = max((number for number in mine if number <= version), default=None)
            if newest is not None:
                return mine[newest]
        return self._store.get_object_at_most(object_id, version)

    def last_version(self, object_id: ObjectID) -> tuple[SequenceNumber, bool] | None:
        """Newest version of an id and whether the object is live at it, with this unit's changes."""
        mine = self._versions.get(object_id)
        if mine is not None:
            return max(mine), self.live[object_id] is not None
        return self._store.last_version(object_id)

    def was_received(self, object_id: ObjectID, version: SequenceNumber) -> bool:
        """Whether the object was received at that version, with this unit's changes."""
        return (object_id, version) in self._received or self._store.was_received(object_id, version)

    def add_received(self, references: Iterable[ObjectRef]) -> None:
        """Mark objects as received at these versions."""
        for reference in references:
            self._received.add((reference.object_id, reference.version))
            self.batch.put(_received_key(reference.object_id, reference.version), b"")

    def executed(self, digest: Digest) -> ExecutedTransaction | None:
        """The record of an executed transaction, with this unit's."""
        return self.executed_here.get(digest) or self._store.executed(digest)

    def add_pending(self, digest: Digest, transaction: bytes) -> None:
        """Keep the signed transaction behind a vote: from now on its inputs are locked."""
        self.batch.put(b"p" + digest, transaction)
        self.pending[digest] = transaction

    def add_genesis(self, genesis_digest: bytes) -> None:
        """Mark the store as begun with this genesis."""
        self.batch.put(_GENESIS, bytes([FORMAT]) + genesis_digest)

    def add_objects(self, objects: Iterable[Object]) -> None:
        """Store objects that no transaction made: those of the genesis."""
        for value in objects:
            self._write_object(value.object_id, value, self.get_object(value.object_id))

    def add_certificates(self, batch: CertifiedBatch) -> int:
        """Keep the certificates of a batch, of which something is executed next; the number they have."""
        number = self.next_sequence
        self.batch.put(_batch_key(number), bcs.encode(CertifiedBatch, batch))
        return number

    def add_executed(
        self,
        digest: Digest,
        executed: ExecutedTransaction,
        written: Iterable[Object],
        removed: Iterable[Removed],
        created: Container[ObjectID],
    ) -> None:
        """Record an executed transaction and what it leaves behind; created: ids not there before."""
        puts = self.batch.puts
        puts[b"p" + digest] = None
        puts[b"x" + digest] = bcs.encode(ExecutedTransaction, executed)
        self.executed_here[digest] = executed
        for value in written:
            object_id = value.data.object_id
            self._write_object(object_id, value, None if object_id in created else self.get_object(object_id))
        for gone in removed:
            self._remove_object(gone)

    def commit(self) -> None:
        """Make all of it durable, or nothing.

        Raises: StorageError, and then nothing has changed.
        """
        if self.executed_here:
            self.batch.put(_sequence_key(self._store.next_sequence), b"".join(self.executed_here))
        if self.batch.puts:
            self._store._commit(self)

    def _write_object(self, object_id: ObjectID, value: Object, before: Object | None) -> None:
        owner, version = value.owner, value.data.version
        self.batch.puts[b"o" + object_id + version.to_bytes(8, "big")] = _LIVE + value.encoded
        owner_before = None if before is None else before.owner
        if owner_before is not owner and owner_before != owner:
            self._index_owner(object_id, owner_before, owner)
        self.live[object_id] = value
        versions = self._versions.get(object_id)
        if versions is None:
            self._versions[object_id] = {version: value}
        else:
            versions[version] = value

    def _remove_object(self, gone: Removed) -> None:
        before = self.get_object(gone.id)
        mark = _Mark.WRAPPED if gone.is_wrapped else _Mark.DELETED
        self.batch.put(_object_key(gone.id, gone.version), bytes([mark]))
        self._index_owner(gone.id, before.owner if before else None, None)
        self.live[gone.id] = None
        self._versions.setdefault(gone.id, {})[gone.version] = None

    def _index_owner(self, object_id: ObjectID, before: Owner | None, after: Owner | None) -> None:
        old, new = _owner_prefix(before), _owner_prefix(after)
        if old is not None:
            self.batch.delete(old + object_id)
        if new is not None:
            self.batch.put(new + object_id, b"")


def _owner_prefix(owner: Owner | None) -> bytes | None:
    if type(owner) is AddressOwner:
        return b"a" + owner.address
    if type(owner) is ObjectOwner:
        return b"c" + owner.address
    return None


def _batch_key(number: int) -> bytes:
    return b"b" + number.to_bytes(8, "big")


def _sequence_key(sequence: int) -> bytes:
    return b"s" + sequence.to_bytes(8, "big")


def _received_key(object_id: ObjectID, version: SequenceNumber) -> bytes:
    return b"r" + object_id + version.to_bytes(8, "big")


def _object_key(object_id: ObjectID, version: SequenceNumber) -> bytes:
    return b"o" + object_id + version.to_bytes(8, "big")


def _decode_object(row: bytes) -> Object | None:
    if row[:1] != _LIVE:
        return None
    try:
        return Object.from_bytes(row[1:])
    except bcs.BcsError as error:
        raise CorruptStore(f"an object row does not decode: {error}") from error


def _decode_executed(row: bytes) -> ExecutedTransaction:
    try:
        return bcs.decode(ExecutedTransaction, row)
    except bcs.BcsError as error:
        raise CorruptStore(f"a transaction row does not decode: {error}") from error
