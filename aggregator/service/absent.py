"""Methods of IOTA's nodes that this service does not have, each with the reason and what to ask instead."""

from __future__ import annotations

_CHECKPOINTS = (
    "there are no checkpoints: each transaction is final on its own, and movelite_getReceipt has its proof"
)
_STAKING = "staking changes the shared system state, and shared objects are not ordered on this network"
_ONE_EPOCH = "there is one epoch: iotax_getLatestIotaSystemStateV2 and iotax_getCommitteeInfo describe it"
_STATISTICS = "statistics of an explorer are not kept: iota_getTotalTransactionBlocks counts transactions"

ABSENT = {
    "iota_getCheckpoint": _CHECKPOINTS,
    "iota_getCheckpoints": _CHECKPOINTS,
    "iotax_getAllEpochAddressMetrics": _STATISTICS,
    "iotax_getCheckpointAddressMetrics": _STATISTICS,
    "iotax_getCurrentEpoch": _ONE_EPOCH,
    "iotax_getEpochMetrics": _ONE_EPOCH,
    "iotax_getEpochs": _ONE_EPOCH,
    "iotax_getLatestAddressMetrics": _STATISTICS,
    "iotax_getMoveCallMetrics": _STATISTICS,
    "iotax_getNetworkMetrics": _STATISTICS,
    "iotax_getStakesByIds": _STAKING,
    "iotax_getTimelockedStakesByIds": _STAKING,
    "iotax_getValidatorsApy": _STAKING,
    "unsafe_requestAddStake": _STAKING,
    "unsafe_requestAddTimelockedStake": _STAKING,
    "unsafe_requestWithdrawStake": _STAKING,
    "unsafe_requestWithdrawTimelockedStake": _STAKING,
}
