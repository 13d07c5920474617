/// What the system package shows to functions that are for it alone.
module iota::system_admin_cap;

/// It is made at genesis only.
const ENotCalledAtGenesis: u64 = 0;
/// Only the system itself, as sender 0x0, may do this.
const ENotSystemAddress: u64 = 1;

/// The system state has the only one.
public struct IotaSystemAdminCap has store {}

/// Make it; genesis calls it.
#[allow(unused_function)]
fun new_system_admin_cap(ctx: &TxContext): IotaSystemAdminCap {
    if (ctx.sender() != @0x0) abort ENotSystemAddress;
    if (ctx.epoch() != 0) abort ENotCalledAtGenesis;
    IotaSystemAdminCap {}
}

#[test_only]
public fun new_system_admin_cap_for_testing(): IotaSystemAdminCap { IotaSystemAdminCap {} }
