/// Settings that change between epochs only, so that all transactions of one epoch may read them
/// in any order. A setting has two values: the one that counts now, and the one for the next
/// epoch, which may be changed at any time.
module iota::config;

use iota::dynamic_field::{Self as field, Field};

/// The setting already has a value for the next epoch.
const EAlreadySetForEpoch: u64 = 0;
/// The setting has no value for the next epoch yet.
const ENotSetForEpoch: u64 = 1;
/// The runtime could not encode the setting.
#[allow(unused_const)]
const EBCSSerializationFailure: u64 = 2;

/// Settings by name, as dynamic fields. Who has the `WriteCap` may change them.
public struct Config<phantom WriteCap> has key {
    id: UID,
}

/// One setting. The data are there except while this module rebuilds them.
public struct Setting<Value: copy + drop + store> has drop, store {
    data: Option<SettingData<Value>>,
}

public struct SettingData<Value: copy + drop + store> has drop, store {
    /// The epoch in which the newer value was given; it counts from the next one on.
    newer_value_epoch: u64,
    newer_value: Option<Value>,
    /// The value that counts until then.
    older_value_opt: Option<Value>,
}

/// Without settings.
public(package) fun new<WriteCap>(_cap: &mut WriteCap, ctx: &mut TxContext): Config<WriteCap> {
    Config { id: object::new(ctx) }
}

#[allow(lint(share_owned))]
public(package) fun share<WriteCap>(config: Config<WriteCap>) { transfer::share_object(config) }

public(package) fun transfer<WriteCap>(config: Config<WriteCap>, owner: address) {
    transfer::transfer(config, owner)
}

// === For the next epoch ===

/// Give the setting a value for the next epoch, which it must not have yet. Returns the value
/// that no epoch can ask for any more, if there is one.
#[allow(unused_mut_parameter)]
public(package) fun add_for_next_epoch<
    WriteCap,
    Name: copy + drop + store,
    Value: copy + drop + store,
>(
    config: &mut Config<WriteCap>,
    _cap: &mut WriteCap,
    name: Name,
    value: Value,
    ctx: &mut TxContext,
): Option<Value> {
    let epoch = ctx.epoch();
    if (!field::exists_(&config.id, name)) {
        let data = new_data(epoch, option::some(value), option::none());
        field::add(&mut config.id, name, Setting { data: option::some(data) });
        return option::none()
    };
    let setting: &mut Setting<Value> = field::borrow_mut(&mut config.id, name);
    let SettingData { newer_value_epoch, newer_value, older_value_opt } = setting.data.extract();
    let (current, forgotten) = if (newer_value_epoch < epoch) {
        (newer_value, older_value_opt)
    } else {
        assert!(newer_value_epoch == epoch);
        if (newer_value.is_some()) abort EAlreadySetForEpoch;
        (older_value_opt, option::none())
    };
    setting.data.fill(new_data(epoch, option::some(value), current));
    forgotten
}

/// Leave the setting without a value for the next epoch. Returns the one it had for it, if any.
#[allow(unused_mut_parameter)]
public(package) fun remove_for_next_epoch<
    WriteCap,
    Name: copy + drop + store,
    Value: copy + drop + store,
>(
    config: &mut Config<WriteCap>,
    _cap: &mut WriteCap,
    name: Name,
    ctx: &mut TxContext,
): Option<Value> {
    let epoch = ctx.epoch();
    if (!field::exists_(&config.id, name)) return option::none();
    let setting: &mut Setting<Value> = field::borrow_mut(&mut config.id, name);
    let SettingData { newer_value_epoch, newer_value, older_value_opt } = setting.data.extract();
    let (current, removed) = if (newer_value_epoch < epoch) {
        (newer_value, option::none())
    } else {
        assert!(newer_value_epoch == epoch);
        (older_value_opt, newer_value)
    };
    let nothing_left = current.is_none();
    setting.data.fill(new_data(epoch, option::none(), current));
    if (nothing_left) {
        field::remove<Name, Setting<Value>>(&mut config.id, name);
    };
    removed
}

/// Is there such a setting of this type, whatever it is set to?
public(package) fun exists_with_type<
    WriteCap,
    Name: copy + drop + store,
    Value: copy + drop + store,
>(
    config: &Config<WriteCap>,
    name: Name,
): bool {
    field::exists_with_type<Name, Setting<Value>>(&config.id, name)
}

/// Was the setting given, in this epoch, a value for the next one?
public(package) fun exists_with_type_for_next_epoch<
    WriteCap,
    Name: copy + drop + store,
    Value: copy + drop + store,
>(
    config: &Config<WriteCap>,
    name: Name,
    ctx: &TxContext,
): bool {
    if (!config.exists_with_type<_, Name, Value>(name)) return false;
    let setting: &Setting<Value> = field::borrow(&config.id, name);
    let data = setting.data.borrow();
    data.newer_value_epoch == ctx.epoch() && data.newer_value.is_some()
}

/// The value that was given in this epoch for the next one, to be changed in place.
#[allow(unused_mut_parameter)]
public(package) fun borrow_for_next_epoch_mut<
    WriteCap,
    Name: copy + drop + store,
    Value: copy + drop + store,
>(
    config: &mut Config<WriteCap>,
    _cap: &mut WriteCap,
    name: Name,
    ctx: &mut TxContext,
): &mut Value {
    let setting: &mut Setting<Value> = field::borrow_mut(&mut config.id, name);
    let data = setting.data.borrow_mut();
    if (data.newer_value_epoch != ctx.epoch()) abort ENotSetForEpoch;
    if (data.newer_value.is_none()) abort ENotSetForEpoch;
    data.newer_value.borrow_mut()
}

/// The newest value, if there is one.
public(package) fun read_setting_for_next_epoch<
    WriteCap,
    Name: copy + drop + store,
    Value: copy + drop + store,
>(
    config: &Config<WriteCap>,
    name: Name,
): Option<Value> {
    if (!config.exists_with_type<_, Name, Value>(name)) return option::none();
    let setting: &Setting<Value> = field::borrow(&config.id, name);
    setting.data.borrow().newer_value
}

/// The value for the next epoch, to be changed in place; `$initial_for_next_epoch` gives it if
/// there is none yet.
public(package) macro fun entry<
    $WriteCap,
    $Name: copy + drop + store,
    $Value: copy + drop + store,
>(
    $config: &mut Config<$WriteCap>,
    $cap: &mut $WriteCap,
    $name: $Name,
    $initial_for_next_epoch: |&mut Config<$WriteCap>, &mut $WriteCap, &mut TxContext| -> $Value,
    $ctx: &mut TxContext,
): &mut $Value {
    let (config, cap, name, ctx) = ($config, $cap, $name, $ctx);
    if (!config.exists_with_type_for_next_epoch<_, _, $Value>(name, ctx)) {
        let value = $initial_for_next_epoch(config, cap, ctx);
        config.add_for_next_epoch(cap, name, value, ctx);
    };
    config.borrow_for_next_epoch_mut(cap, name, ctx)
}

/// Like `entry!`, but `$update_for_next_epoch` gets the value, along with the one that
/// `add_for_next_epoch` returned.
public(package) macro fun update<
    $WriteCap,
    $Name: copy + drop + store,
    $Value: copy + drop + store,
>(
    $config: &mut Config<$WriteCap>,
    $cap: &mut $WriteCap,
    $name: $Name,
    $initial_for_next_epoch: |&mut Config<$WriteCap>, &mut $WriteCap, &mut TxContext| -> $Value,
    $update_for_next_epoch: |Option<$Value>, &mut $Value|,
    $ctx: &mut TxContext,
) {
    let (config, cap, name, ctx) = ($config, $cap, $name, $ctx);
    let forgotten = if (config.exists_with_type_for_next_epoch<_, _, $Value>(name, ctx)) {
        option::none()
    } else {
        let value = $initial_for_next_epoch(config, cap, ctx);
        config.add_for_next_epoch(cap, name, value, ctx)
    };
    $update_for_next_epoch(forgotten, config.borrow_for_next_epoch_mut(cap, name, ctx))
}

// === For this epoch ===

/// The value that counts in this epoch, if there is one. It is read without taking the config as
/// an input.
public(package) fun read_setting<Name: copy + drop + store, Value: copy + drop + store>(
    config: ID,
    name: Name,
    ctx: &TxContext,
): Option<Value> {
    let config = config.to_address();
    let at = field::hash_type_and_key(config, name);
    read_setting_impl<Field<Name, Setting<Value>>, Setting<Value>, SettingData<Value>, Value>(
        config,
        at,
        ctx.epoch(),
    )
}

fun new_data<Value: copy + drop + store>(
    newer_value_epoch: u64,
    newer_value: Option<Value>,
    older_value_opt: Option<Value>,
): SettingData<Value> {
    SettingData { newer_value_epoch, newer_value, older_value_opt }
}

/// The newer value if it was given before `current_epoch`, else the older one; none without such
/// a setting of this type.
native fun read_setting_impl<
    FieldSettingValue: key,
    SettingValue: store,
    SettingDataValue: store,
    Value: copy + drop + store,
>(
    config: address,
    name: address,
    current_epoch: u64,
): Option<Value>;
