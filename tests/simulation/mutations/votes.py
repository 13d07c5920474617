"""Locks and votes, also after a backup was put back."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from authority import state as authority_state
from authority.key_value import StorageError
from authority.locks import LockTable
from authority.state import AuthorityState
from authority.store import AuthorityStore, UnitOfWork
from tests.simulation.disk import PowerCut
from tests.simulation.mutations.registry import edit, mutation, nothing, put
from tests.simulation.rules import Rule


@mutation("locks are never taken", Rule.SIGN_ONCE, Rule.LOCKS_KEPT)
def _no_locks() -> None:
    put(LockTable, "acquire", nothing)


@mutation("locks are lost at a restart", Rule.LOCKS_KEPT, Rule.SIGN_ONCE)
def _locks_forgotten() -> None:
    restore = AuthorityState._restore

    def forgetful(self: AuthorityState) -> None:
        restore(self)
        put(self, "locks", LockTable())

    put(AuthorityState, "_restore", forgetful)


@mutation("locks are taken after the vote is signed", Rule.SIGN_ONCE, Rule.LOCKS_KEPT, Rule.CRASH)
def _late_locks() -> None:
    acquire = LockTable.acquire

    def later(self: LockTable, references: Any, digest: Any) -> None:
        asyncio.get_running_loop().call_later(0.05, acquire, self, tuple(references), digest)

    put(LockTable, "acquire", later)


@mutation("a vote leaves before it is on the disk", Rule.DURABLE_VOTE)
def _early_vote() -> None:
    commit = UnitOfWork.commit

    def later(self: UnitOfWork) -> None:
        def finish() -> None:
            with suppress(PowerCut, StorageError):
                commit(self)

        if self.pending:
            asyncio.get_running_loop().call_later(0.02, finish)
        else:
            commit(self)

    put(UnitOfWork, "commit", later)


@mutation("a disk that is opened again is not read again", Rule.LOCKS_KEPT, Rule.SIGN_ONCE, Rule.CRASH)
def _no_recovery() -> None:
    put(AuthorityState, "recover", nothing)


@mutation("a disk that refuses is not noticed", Rule.DURABLE_VOTE)
def _ignored_disk() -> None:
    commit = UnitOfWork.commit

    def careless(self: UnitOfWork) -> None:
        with suppress(StorageError):
            commit(self)

    put(UnitOfWork, "commit", careless)


@mutation("only the first input is locked", Rule.LOCKS_KEPT, Rule.SIGN_ONCE)
def _first_lock_only() -> None:
    acquire = LockTable.acquire
    put(LockTable, "acquire", lambda self, references, digest: acquire(self, tuple(references)[:1], digest))


@mutation("signatures of users are not checked", Rule.OWNERS)
def _unsigned() -> None:
    async def trusting(self: AuthorityState, batch: Any) -> dict[Any, Any]:
        return {}

    put(AuthorityState, "_verify_signatures", trusting)


# ---- Votes that were lost with the disk


@mutation("who has lost votes goes on voting", Rule.LOST_VOTES, Rule.SIGN_ONCE)
def _votes_on() -> None:
    asking = authority_state.ASKING_PEERS
    put(AuthorityState, "suspension", property(lambda self: asking if self.is_asking_peers else None))


@mutation("a certificate with a vote of its own that it does not have tells nothing", Rule.LOST_VOTES)
def _unnoticed_loss() -> None:
    put(AuthorityState, "_look_for_lost_votes", nothing)


@mutation("that votes were lost is not written down", Rule.LOST_VOTES)
def _unkept_loss() -> None:
    edit(AuthorityStore, "put_lost_votes", "self._key_value.write(batch)", "pass")


@mutation("who has just started votes before it has asked its peers", Rule.SIGN_ONCE, Rule.LOST_VOTES)
def _unasked_peers() -> None:
    lost = authority_state.LOST_VOTES
    put(AuthorityState, "suspension", property(lambda self: lost if self.store.has_lost_votes else None))
