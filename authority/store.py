"""What an authority keeps: object versions, who owns what, pending votes, executed transactions.

Every change goes through a UnitOfWork, which is one atomic and durable batch of the key-value store.
Within a unit, later transactions see the objects that earlier ones wrote.

Keys are a table letter and then:
    o  object id, ~version    one row per version, the newest first: the object, or a mark that it was deleted
                              or wrapped
    a  address, object id     index of live objects by the address that owns them
    c  object id, object id   index of live objects by the object that owns them
    p  number                 the signed transactions behind the votes for a batch; their inputs are locked
    x  transaction digest     where the record of an executed transaction is
    t  sequence               records: transactions with effects, events and where their certificates are
    b  number                 the certificates of a batch
    s  sequence               digests of the transactions of one commit, executed as sequence-th and after
    m  name                   genesis; whose data these are; that votes were lost; positions in the sequences
                              of peers
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from itertools import repeat
from operator import is_
from struct import Struct

from authority.certificates import CertifiedBatch, InBatch, certificate_in_batch
from authority.columns import BrokenColumn
from authority.key_value import Batch, KeyValueStore
from authority.object_cache import LARGE_BYTES, NOT_KEPT, CachedObject, ObjectCache, is_large
from authority.records import BrokenRecord, ExecutedTransaction, RecordReader, RecordWriter
from authority.removal import Removal
from authority.vote_journal import VoteJournal
from proto import bcs
from proto.committee import AuthorityName
from proto.ids import ADDRESS_LENGTH, DIGEST_LENGTH, Digest, ObjectID, SequenceNumber
from proto.messages import Certificate
from proto.object import (
    AddressOwner,
    Object,
    ObjectOwner,
    ObjectRef,
    OwnedParts,
    Owner,
    PlainInputs,
    coin_parts,
)

_Positions = tuple[tuple[AuthorityName, bcs.U64], ...]

MAX_U64 = 2**64 - 1

_GENESIS, _AUTHORITY = b"mgenesis", b"mauthority"
_LOST_VOTES, _POSITIONS = b"mlostvotes", b"mpositions"

FORMAT = 5
"""Version of how the rows are laid out; stands before the digest of the genesis."""


class CorruptStore(Exception):
    """A row that this program did not write: the directory has to be restored."""


class _Mark(IntEnum):
    """First byte of an object row."""

    LIVE = 0
    DELETED = 1
    WRAPPED = 2


_LIVE = bytes([_Mark.LIVE])
_OBJECT_KEY = Struct(f">c{ADDRESS_LENGTH}sQ")


class AuthorityStore:
    """The tables over a key-value store, with the live objects that were seen last in memory."""

    def __init__(self, key_value: KeyValueStore) -> None:
        self._key_value = key_value
        self.reload()

    def reload(self) -> None:
        """Forget what is in memory, and read again what is kept there.

        Raises: CorruptStore; StorageError.
        """
        self._check_format()
        self.cache = ObjectCache()
        self._records = RecordReader(self._key_value)
        try:
            self._votes = VoteJournal(self._key_value)
        except (bcs.BcsError, BrokenColumn) as error:
            raise CorruptStore(f"a row of votes does not decode: {error}") from error
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
        found = self._known(object_id)
        if isinstance(found, OwnedParts):
            self.cache.recent[object_id] = found = found.to_object()
        return found

    def get_parts(self, object_id: ObjectID) -> OwnedParts | None:
        """The live object, if it has parts."""
        found = self._known(object_id)
        return found if isinstance(found, OwnedParts) or found is None else found.parts

    def _known(self, object_id: ObjectID) -> CachedObject:
        found = self.cache.find(object_id)
        if found is NOT_KEPT:
            entry = self._newest(object_id, MAX_U64)
            found = None if entry is None else coin_parts(entry[1][1:]) or _decode_object(entry[1])
            self.cache.keep({object_id: found}, is_large(found))
        return found

    def get_object_at(self, object_id: ObjectID, version: SequenceNumber) -> Object | None:
        """The object as it was written at exactly version."""
        row = self._key_value.get(_object_key(object_id, version))
        return None if row is None else _decode_object(row)

    def get_object_at_most(self, object_id: ObjectID, version: SequenceNumber) -> Object | None:
        """The object as of version: its newest form not above it; None if that is a removal."""
        entry = self._newest(object_id, version)
        return None if entry is None else _decode_object(entry[1])

    def last_version(self, object_id: ObjectID) -> tuple[SequenceNumber, bool] | None:
        """Newest version of an id and whether the object is live at it; None if it never was."""
        entry = self._newest(object_id, MAX_U64)
        return None if entry is None else (entry[0], entry[1][:1] == _LIVE)

    def _newest(self, object_id: ObjectID, version: SequenceNumber) -> tuple[SequenceNumber, bytes] | None:
        """The newest row of an object that is not above version."""
        entry = self._key_value.first_at_least(_object_key(object_id, version))
        if entry is None or entry[0][:33] != b"o" + object_id:
            return None
        return MAX_U64 - int.from_bytes(entry[0][33:], "big"), entry[1]

    def count_objects(self) -> tuple[int, int]:
        """Live objects, and versions of all objects; reads every row."""
        live, versions, last_id = 0, 0, b""
        for key, value in self._key_value.scan(b"o"):
            is_there = value[:1] == _LIVE
            versions += is_there
            live += is_there and key[1:33] != last_id
            last_id = key[1:33]
        return live, versions

    def was_received(self, object_id: ObjectID, version: SequenceNumber) -> bool:
        """Whether the object was sent to another object at that version, and was received."""
        return self._key_value.get(_received_key(object_id, version)) is not None

    def is_wrapped_at(self, object_id: ObjectID, version: SequenceNumber) -> bool:
        """Whether the removal of an object at a version was a wrapping."""
        return self._key_value.get(_object_key(object_id, version)) == bytes([_Mark.WRAPPED])

    def owned_objects(self, owner: Owner, after: ObjectID | None = None) -> Iterator[ObjectID]:
        """Ids of the live objects of an address or a parent object, ascending, those behind `after`."""
        prefix = _prefix_of(owner)
        if prefix is None:
            return
        start = prefix if after is None else prefix + after + b"\x00"
        for key, _ in self._key_value.scan(prefix, start):
            yield ObjectID(key[33:])

    def pending_transactions(self) -> Iterator[tuple[Digest, bytes]]:
        """Transactions voted for and not yet executed, as (digest, SenderSignedData)."""
        return self._votes.items()

    def pending_transaction(self, digest: Digest) -> bytes | None:
        """The SenderSignedData voted for under digest, if it is not yet executed."""
        return self._votes.transaction(digest)

    @property
    def pending(self) -> Container[Digest]:
        """The transactions voted for and not yet executed."""
        return self._votes.rows

    @property
    def recent_votes(self) -> Mapping[Digest, bytes]:
        """The SenderSignedData of the pending ones that were voted for lately."""
        return self._votes.recent

    def executed(self, digest: Digest) -> ExecutedTransaction | None:
        """The record of an executed transaction."""
        if digest in self._votes.rows:
            return None
        try:
            return self._records.read(digest)
        except BrokenRecord as error:
            raise CorruptStore(str(error)) from error

    def is_executed(self, digest: Digest) -> bool:
        """Whether a transaction is executed."""
        return digest not in self._votes.rows and self._records.is_there(digest)

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

    def _check_format(self) -> None:
        row = self._key_value.get(_GENESIS)
        if row is not None and (len(row) != 1 + DIGEST_LENGTH or row[0] != FORMAT):
            raise CorruptStore(
                f"the data are in the format {row[:1].hex()} of another version of Movelite, and this one "
                f"has {FORMAT:02x}: run the version that wrote them (without its locks an authority could "
                "sign twice, so do not remove them)"
            )

    @property
    def genesis_digest(self) -> bytes | None:
        """Digest of the genesis this store began with; None if it is empty."""
        row = self._key_value.get(_GENESIS)
        return None if row is None else row[1:]

    @property
    def authority(self) -> AuthorityName | None:
        """Whose data these are; None if nobody has said so yet."""
        row = self._key_value.get(_AUTHORITY)
        return None if row is None else AuthorityName(row)

    def put_authority(self, name: AuthorityName) -> None:
        """Write down whose data these are. Raises: StorageError."""
        batch = Batch()
        batch.put(_AUTHORITY, name)
        self._key_value.write(batch)

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
        executed = unit.records.written
        self._votes.write(unit.batch, unit.pending, executed)
        self._key_value.write(unit.batch)
        self.next_sequence = unit.records.next_sequence
        self._votes.follow(unit.pending, executed)
        self.cache.keep(unit.live, unit.large)


class UnitOfWork:
    """Changes that are committed together. Reads see them before they are committed."""

    def __init__(self, store: AuthorityStore) -> None:
        self._store = store
        self.batch = Batch()
        self.live: dict[ObjectID, CachedObject] = {}
        self.pending: dict[Digest, bytes] = {}
        """The signed transactions behind votes: from the commit on their inputs are locked."""
        self.large = 0
        """How many of the live ones are large."""
        self.records = RecordWriter(store.next_sequence)
        """Records of the transactions that it executes."""
        self._received: set[tuple[ObjectID, SequenceNumber]] = set()

    def get_object(self, object_id: ObjectID) -> Object | None:
        """The live object, with this unit's changes."""
        if object_id not in self.live:
            return self._store.get_object(object_id)
        mine = self.live[object_id]
        if isinstance(mine, OwnedParts):
            self.live[object_id] = mine = mine.to_object()
        return mine

    def get_parts(self, object_id: ObjectID) -> OwnedParts | None:
        """The live object, if it has parts, with this unit's changes."""
        if object_id not in self.live:
            return self._store.get_parts(object_id)
        mine = self.live[object_id]
        return mine if isinstance(mine, OwnedParts) or mine is None else mine.parts

    def _known(self, object_id: ObjectID) -> CachedObject:
        return self.live[object_id] if object_id in self.live else self._store._known(object_id)

    def are_live(self, objects: Mapping[ObjectID, Object]) -> bool:
        """Whether these very objects are live and in memory: what was checked of them still holds."""
        kept = map(self._store.cache.recent.get, objects)
        return all(map(is_, kept, objects.values())) and self.live.keys().isdisjoint(objects)

    def are_parts_live(self, inputs: PlainInputs) -> bool:
        """Whether these very parts of objects are live and in memory."""
        return inputs.items() <= self._store.cache.recent.items() and not self.has_written(inputs)

    def has_written(self, ids: Iterable[ObjectID]) -> bool:
        """Whether this unit has changed one of these."""
        return not self.live.keys().isdisjoint(ids)

    def get_object_at(self, object_id: ObjectID, version: SequenceNumber) -> Object | None:
        """The object as it was written at exactly version, with this unit's changes."""
        mine = self._written(object_id)
        if mine is not None and version in mine:
            return mine[version]
        return self._store.get_object_at(object_id, version)

    def get_object_at_most(self, object_id: ObjectID, version: SequenceNumber) -> Object | None:
        """The newest form of the object not above version, with this unit's changes."""
        mine = self._written(object_id)
        if mine is not None:
            newest = max((number for number in mine if number <= version), default=None)
            if newest is not None:
                return mine[newest]
        return self._store.get_object_at_most(object_id, version)

    def last_version(self, object_id: ObjectID) -> tuple[SequenceNumber, bool] | None:
        """Newest version of an id and whether the object is live at it, with this unit's changes."""
        mine = self._written(object_id)
        if mine is not None:
            return max(mine), self.live[object_id] is not None
        return self._store.last_version(object_id)

    def _written(self, object_id: ObjectID) -> dict[SequenceNumber, Object | None] | None:
        """What this unit wrote of an object. Few ask, so it is looked for only then."""
        if object_id not in self.live:
            return None
        prefix = b"o" + object_id
        return {
            MAX_U64 - int.from_bytes(key[len(prefix) :], "big"): _decode_object(row)
            for key, row in self.batch.puts.items()
            if key.startswith(prefix)
        }

    def was_received(self, object_id: ObjectID, version: SequenceNumber) -> bool:
        """Whether the object was received at that version, with this unit's changes."""
        return (object_id, version) in self._received or self._store.was_received(object_id, version)

    def add_received(self, references: Iterable[ObjectRef]) -> None:
        """Mark objects as received at these versions."""
        for reference in references:
            self._received.add((reference.object_id, reference.version))
            self.batch.put(_received_key(reference.object_id, reference.version), b"")

    def add_genesis(self, genesis_digest: bytes) -> None:
        """Mark the store as begun with this genesis."""
        self.batch.put(_GENESIS, bytes([FORMAT]) + genesis_digest)

    def add_objects(self, objects: Iterable[Object]) -> None:
        """Store objects that no transaction made: those of the genesis."""
        for value in objects:
            self._write_object(value.object_id, value, self.get_object(value.object_id))

    def add_certificates(self, batch: CertifiedBatch) -> int:
        """Keep the certificates of a batch, of which something is executed next; the number they have."""
        number = self.records.next_sequence
        self.batch.put(_batch_key(number), bcs.encode(CertifiedBatch, batch))
        return number

    def add_changes(
        self,
        written: Mapping[ObjectID, Object],
        removed: Iterable[Removal],
        created: Container[ObjectID],
    ) -> None:
        """Write what a transaction leaves behind; created: ids not there before."""
        for object_id, value in written.items():
            self._write_object(object_id, value, None if object_id in created else self._known(object_id))
        self.remove(removed)

    def remove(self, removed: Iterable[Removal]) -> None:
        """Mark objects as removed."""
        for gone in removed:
            self._remove_object(gone)

    def add_parts(self, changes: Sequence[tuple[OwnedParts | None, OwnedParts]]) -> None:
        """Write objects of accounts, of many transactions: what each was before, and what it is now."""
        values = [value for _, value in changes]
        ids, encoded, _, versions, *_ = zip(*values, strict=True)
        keys = map(_OBJECT_KEY.pack, repeat(b"o"), ids, map(MAX_U64.__sub__, versions))
        self.batch.puts.update(zip(keys, map(_LIVE.__add__, encoded), strict=True))
        self.live.update(zip(ids, values, strict=True))
        if max(map(len, encoded)) > LARGE_BYTES:
            self.large += sum(map(is_large, values))
        moved = [change for change in changes if change[0] is None or change[0].owner != change[1].owner]
        self.batch.delete_all([b"a" + old.owner + old.id for old, _ in moved if old is not None])
        self.batch.puts.update([(b"a" + value.owner + value.id, b"") for _, value in moved])

    def commit(self) -> None:
        """Make all of it durable, or nothing.

        Raises: StorageError, and then nothing has changed.
        """
        if self.records.written:
            self.records.put_rows(self.batch)
            self.batch.put(_sequence_key(self._store.next_sequence), b"".join(self.records.written))
        if self.batch.puts or self.pending:
            self._store._commit(self)

    def _write_object(self, object_id: ObjectID, value: Object, before: Object | OwnedParts | None) -> None:
        version = value.version
        self.batch.puts[_object_key(object_id, version)] = _LIVE + value.encoded
        self._index_owner(object_id, _owner_prefix(before), _owner_prefix(value))
        self.live[object_id] = coin_parts(value.encoded) or value
        self.large += is_large(value)

    def _remove_object(self, gone: Removal) -> None:
        mark = _Mark.WRAPPED if gone.is_wrapped else _Mark.DELETED
        self.batch.put(_object_key(gone.id, gone.version), bytes([mark]))
        self._index_owner(gone.id, _owner_prefix(self._known(gone.id)), None)
        self.live[gone.id] = None

    def _index_owner(self, object_id: ObjectID, old: bytes | None, new: bytes | None) -> None:
        if old == new:
            return
        if old is not None:
            self.batch.delete(old + object_id)
        if new is not None:
            self.batch.put(new + object_id, b"")


def _owner_prefix(value: Object | OwnedParts | None) -> bytes | None:
    """Where the owner of an object has it in the index."""
    if value is None:
        return None
    return b"a" + value.owner if isinstance(value, OwnedParts) else _prefix_of(value.owner)


def _prefix_of(owner: Owner) -> bytes | None:
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
    return _OBJECT_KEY.pack(b"o", object_id, MAX_U64 - version)


def _decode_object(row: bytes) -> Object | None:
    if row[:1] != _LIVE:
        return None
    try:
        return Object.from_bytes(row[1:])
    except bcs.BcsError as error:
        raise CorruptStore(f"an object row does not decode: {error}") from error
