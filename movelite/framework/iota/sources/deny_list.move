/// Addresses that may not use regulated coins. There is one shared list, at 0x403; for each
/// currency it has a `config` in which an address, or everyone, is set to true.
///
/// Receivers are held to what a setting was when the epoch began. Senders are held to its newest
/// value, which is why the owner of a coin is stopped at once.
module iota::deny_list;

use iota::bag::{Self, Bag};
use iota::config::{Self, Config};
use iota::dynamic_object_field as field;
use iota::event;

/// Only the system itself, as sender 0x0, may do this.
const ENotSystemAddress: u64 = 0;

public struct DenyList has key {
    id: UID,
    /// Not used.
    lists: Bag,
}

/// The right to change the configs, which only this module makes use of.
public struct ConfigWriteCap() has drop;

/// Names the config of one currency; `per_type_key` is the name of its type.
public struct ConfigKey has copy, drop, store {
    per_type_index: u64,
    per_type_key: vector<u8>,
}

/// Names the setting of one address.
public struct AddressKey(address) has copy, drop, store;

/// Names the setting of everyone.
public struct GlobalPauseKey() has copy, drop, store;

/// A currency has its config from now on.
public struct PerTypeConfigCreated has copy, drop, store {
    key: ConfigKey,
    config_id: ID,
}

// === Addresses ===

public(package) fun add(
    deny_list: &mut DenyList,
    per_type_index: u64,
    per_type_key: vector<u8>,
    addr: address,
    ctx: &mut TxContext,
) {
    deny_list.set(per_type_index, per_type_key, AddressKey(addr), ctx)
}

public(package) fun remove(
    deny_list: &mut DenyList,
    per_type_index: u64,
    per_type_key: vector<u8>,
    addr: address,
    ctx: &mut TxContext,
) {
    deny_list.clear(per_type_index, per_type_key, AddressKey(addr), ctx)
}

public(package) fun contains_current_epoch(
    deny_list: &DenyList,
    per_type_index: u64,
    per_type_key: vector<u8>,
    addr: address,
    ctx: &TxContext,
): bool {
    deny_list.is_set(per_type_index, per_type_key, AddressKey(addr), ctx)
}

public(package) fun contains_next_epoch(
    deny_list: &DenyList,
    per_type_index: u64,
    per_type_key: vector<u8>,
    addr: address,
): bool {
    deny_list.will_be_set(per_type_index, per_type_key, AddressKey(addr))
}

// === Everyone ===

public(package) fun enable_global_pause(
    deny_list: &mut DenyList,
    per_type_index: u64,
    per_type_key: vector<u8>,
    ctx: &mut TxContext,
) {
    deny_list.set(per_type_index, per_type_key, GlobalPauseKey(), ctx)
}

public(package) fun disable_global_pause(
    deny_list: &mut DenyList,
    per_type_index: u64,
    per_type_key: vector<u8>,
    ctx: &mut TxContext,
) {
    deny_list.clear(per_type_index, per_type_key, GlobalPauseKey(), ctx)
}

public(package) fun is_global_pause_enabled_current_epoch(
    deny_list: &DenyList,
    per_type_index: u64,
    per_type_key: vector<u8>,
    ctx: &TxContext,
): bool {
    deny_list.is_set(per_type_index, per_type_key, GlobalPauseKey(), ctx)
}

public(package) fun is_global_pause_enabled_next_epoch(
    deny_list: &DenyList,
    per_type_index: u64,
    per_type_key: vector<u8>,
): bool {
    deny_list.will_be_set(per_type_index, per_type_key, GlobalPauseKey())
}

// === Settings ===

fun set<Name: copy + drop + store>(
    deny_list: &mut DenyList,
    index: u64,
    key: vector<u8>,
    name: Name,
    ctx: &mut TxContext,
) {
    if (!deny_list.per_type_exists(index, key)) deny_list.add_per_type_config(index, key, ctx);
    let config = deny_list.borrow_per_type_config_mut(index, key);
    let setting = config.entry!<_, Name, bool>(&mut ConfigWriteCap(), name, |_, _, _| true, ctx);
    *setting = true
}

fun clear<Name: copy + drop + store>(
    deny_list: &mut DenyList,
    index: u64,
    key: vector<u8>,
    name: Name,
    ctx: &mut TxContext,
) {
    if (!deny_list.per_type_exists(index, key)) deny_list.add_per_type_config(index, key, ctx);
    let config = deny_list.borrow_per_type_config_mut(index, key);
    config.remove_for_next_epoch<_, Name, bool>(&mut ConfigWriteCap(), name, ctx);
}

fun is_set<Name: copy + drop + store>(
    deny_list: &DenyList,
    index: u64,
    key: vector<u8>,
    name: Name,
    ctx: &TxContext,
): bool {
    if (!deny_list.per_type_exists(index, key)) return false;
    let config = deny_list.borrow_per_type_config(index, key);
    config::read_setting(object::id(config), name, ctx).destroy_or!(false)
}

fun will_be_set<Name: copy + drop + store>(
    deny_list: &DenyList,
    index: u64,
    key: vector<u8>,
    name: Name,
): bool {
    if (!deny_list.per_type_exists(index, key)) return false;
    deny_list.borrow_per_type_config(index, key).read_setting_for_next_epoch(name).destroy_or!(false)
}

// === Configs ===

/// Make the currency's config, when something is set for the first time.
fun add_per_type_config(
    deny_list: &mut DenyList,
    per_type_index: u64,
    per_type_key: vector<u8>,
    ctx: &mut TxContext,
) {
    let key = ConfigKey { per_type_index, per_type_key };
    let config = config::new(&mut ConfigWriteCap(), ctx);
    let config_id = object::id(&config);
    field::internal_add(&mut deny_list.id, key, config);
    event::emit(PerTypeConfigCreated { key, config_id })
}

fun borrow_per_type_config_mut(
    deny_list: &mut DenyList,
    per_type_index: u64,
    per_type_key: vector<u8>,
): &mut Config<ConfigWriteCap> {
    field::internal_borrow_mut(&mut deny_list.id, ConfigKey { per_type_index, per_type_key })
}

fun borrow_per_type_config(
    deny_list: &DenyList,
    per_type_index: u64,
    per_type_key: vector<u8>,
): &Config<ConfigWriteCap> {
    field::internal_borrow(&deny_list.id, ConfigKey { per_type_index, per_type_key })
}

fun per_type_exists(
    deny_list: &DenyList,
    per_type_index: u64,
    per_type_key: vector<u8>,
): bool {
    field::exists_(&deny_list.id, ConfigKey { per_type_index, per_type_key })
}

/// Make the list; genesis calls it.
#[allow(unused_function)]
fun create(ctx: &mut TxContext) {
    if (ctx.sender() != @0x0) abort ENotSystemAddress;
    transfer::share_object(DenyList {
        id: object::iota_deny_list_object_id(),
        lists: bag::new(ctx),
    })
}

#[test_only]
public fun create_for_test(ctx: &mut TxContext) { create(ctx) }
