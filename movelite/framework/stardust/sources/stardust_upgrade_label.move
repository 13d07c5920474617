/// The label of timelocks that were made when the ledger was taken over.
module stardust::stardust_upgrade_label;

public struct STARDUST_UPGRADE_LABEL has drop {}
