"""Methods of IOTA's nodes that this service does not have, each with the reason."""

from __future__ import annotations

_STAKING = "staking changes the shared system state, and shared objects are not ordered on this network"

ABSENT = dict.fromkeys(
    (
        "unsafe_requestAddStake",
        "unsafe_requestAddTimelockedStake",
        "unsafe_requestWithdrawStake",
        "unsafe_requestWithdrawTimelockedStake",
    ),
    _STAKING,
)
