"""The committee of an epoch: who votes, with what stake, and how much stake decides.

Source: FastPay, section 4; iota-types, committee.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NewType

from proto import bcs
from proto.bcs import U64
from proto.errors import InvariantViolation, UnknownSigner

StakeUnit = int
EpochId = int

AuthorityName = NewType("AuthorityName", bytes)
"""Public key of an authority: 32 bytes of Ed25519 (96 of BLS12-381 in the checkpoints of IOTA)."""

bcs.declare_bytes(AuthorityName, bcs.FixedBytes(32))


class InvalidCommittee(ValueError):
    """Members that make no committee."""


def quorum_threshold(total_stake: StakeUnit) -> StakeUnit:
    """Least stake that makes a certificate; any two such sets share an honest authority.

    Units: stake; for N = 3f+1+k (0 <= k < 3) the result is N - f.
    Raises: InvariantViolation if total_stake is 0.
    Source: FastPay, section 4.
    """
    return total_stake - _faulty(total_stake)


def validity_threshold(total_stake: StakeUnit) -> StakeUnit:
    """Least stake that is sure to hold an honest authority: f + 1.

    Raises: InvariantViolation if total_stake is 0.
    """
    return _faulty(total_stake) + 1


@dataclass(frozen=True, slots=True)
class CommitteeMember:
    """An authority and its stake."""

    public_key: bytes
    stake: U64


@dataclass(frozen=True)
class Committee:
    """Authorities of an epoch, sorted by public key; a signer is named by its position in that order.

    Without slots, so that what is asked for with every vote is computed once.
    """

    epoch: U64
    members: tuple[CommitteeMember, ...]

    @staticmethod
    def of(epoch: EpochId, stakes: Mapping[AuthorityName, StakeUnit]) -> Committee:
        """A committee from stakes by public key.

        Raises: InvalidCommittee if there is none, or a stake is not positive, or the sum exceeds 64 bits.
        """
        if not stakes or any(stake <= 0 for stake in stakes.values()) or sum(stakes.values()) >= 2**64:
            raise InvalidCommittee("a committee needs members with positive stake, below 2^64 in sum")
        return Committee(epoch, tuple(CommitteeMember(key, stakes[key]) for key in sorted(stakes)))

    @cached_property
    def total_stake(self) -> StakeUnit:
        """Stake of all members."""
        return sum(member.stake for member in self.members)

    @cached_property
    def quorum_threshold(self) -> StakeUnit:
        """Stake that makes a certificate."""
        return quorum_threshold(self.total_stake)

    @cached_property
    def validity_threshold(self) -> StakeUnit:
        """Stake that holds an honest authority."""
        return validity_threshold(self.total_stake)

    @cached_property
    def names(self) -> tuple[AuthorityName, ...]:
        """Public keys in order."""
        return tuple(AuthorityName(member.public_key) for member in self.members)

    @cached_property
    def _positions(self) -> dict[bytes, int]:
        return {member.public_key: position for position, member in enumerate(self.members)}

    def __contains__(self, authority: object) -> bool:
        return authority in self._positions

    def __len__(self) -> int:
        return len(self.members)

    def index_of(self, authority: bytes) -> int:
        """Position of a member.

        Raises: UnknownSigner.
        """
        position = self._positions.get(authority)
        if position is None:
            raise UnknownSigner(f"{authority.hex()} is no member of the committee of epoch {self.epoch}")
        return position

    def stake_of(self, authority: bytes) -> StakeUnit:
        """Stake of a member; 0 for anyone else."""
        position = self._positions.get(authority)
        return 0 if position is None else self.members[position].stake

    def stake_of_all(self, authorities: Iterable[bytes]) -> StakeUnit:
        """Stake of a set of members, each counted once."""
        return sum(self.stake_of(authority) for authority in set(authorities))


def _faulty(total_stake: StakeUnit) -> StakeUnit:
    """f: the most stake that may be faulty."""
    if total_stake <= 0:
        raise InvariantViolation("a committee has stake")
    return (total_stake - 1) // 3
