/// A currency under management: treasury and metadata are in one object, which can be shared, and
/// two capabilities carry the rights to them. The owner can promise a maximum supply, or give
/// either right up for good, and everyone can check it.
module iota::coin_manager;

use iota::balance::{Balance, Supply};
use iota::coin::{Self, Coin, CoinMetadata, TreasuryCap};
use iota::dynamic_field as field;
use iota::event;
use iota::url::Url;
use std::ascii;
use std::string;
use std::type_name;

/// There would be more than the maximum.
const EMaximumSupplyReached: u64 = 0;
/// There is a maximum already.
const EMaximumSupplyAlreadySet: u64 = 1;
/// There is more than that already.
const EMaximumSupplyLowerThanTotalSupply: u64 = 2;
/// There are additional metadata already.
const EAdditionalMetadataAlreadyExists: u64 = 3;
/// There are no additional metadata.
const EAdditionalMetadataDoesNotExist: u64 = 4;
/// The metadata stay as they are.
const ENoMutableMetadata: u64 = 5;

/// Name of the field that has the additional metadata.
const ADDITIONAL_METADATA: vector<u8> = b"additional_metadata";

public struct CoinManager<phantom T> has key, store {
    id: UID,
    treasury_cap: TreasuryCap<T>,
    /// Exactly one of these two is there.
    metadata: Option<CoinMetadata<T>>,
    immutable_metadata: Option<ImmutableCoinMetadata<T>>,
    maximum_supply: Option<u64>,
    supply_immutable: bool,
    metadata_immutable: bool,
}

/// The right to mint, and to promise a maximum.
public struct CoinManagerTreasuryCap<phantom T> has key, store {
    id: UID,
}

/// The right to change the metadata.
public struct CoinManagerMetadataCap<phantom T> has key, store {
    id: UID,
}

/// A copy of metadata that were frozen before.
public struct ImmutableCoinMetadata<phantom T> has store {
    decimals: u8,
    name: string::String,
    symbol: ascii::String,
    description: string::String,
    icon_url: Option<Url>,
}

/// The currency is under management.
public struct CoinManaged has copy, drop {
    coin_name: ascii::String,
}

/// Nobody can mint the currency any more.
public struct TreasuryOwnershipRenounced has copy, drop {
    coin_name: ascii::String,
}

/// Nobody can change the metadata any more.
public struct MetadataOwnershipRenounced has copy, drop {
    coin_name: ascii::String,
}

// === Making ===

/// Take a currency under management.
public fun new<T>(
    treasury_cap: TreasuryCap<T>,
    metadata: CoinMetadata<T>,
    ctx: &mut TxContext,
): (CoinManagerTreasuryCap<T>, CoinManagerMetadataCap<T>, CoinManager<T>) {
    let manager = CoinManager {
        id: object::new(ctx),
        treasury_cap,
        metadata: option::some(metadata),
        immutable_metadata: option::none(),
        maximum_supply: option::none(),
        supply_immutable: false,
        metadata_immutable: false,
    };
    event::emit(CoinManaged { coin_name: name_of<T>() });
    let treasury_right = CoinManagerTreasuryCap { id: object::new(ctx) };
    let metadata_right = CoinManagerMetadataCap { id: object::new(ctx) };
    (treasury_right, metadata_right, manager)
}

/// Take a currency under management whose metadata are frozen.
public fun new_with_immutable_metadata<T>(
    treasury_cap: TreasuryCap<T>,
    metadata: &CoinMetadata<T>,
    ctx: &mut TxContext,
): (CoinManagerTreasuryCap<T>, CoinManager<T>) {
    let manager = CoinManager {
        id: object::new(ctx),
        treasury_cap,
        metadata: option::none(),
        immutable_metadata: option::some(ImmutableCoinMetadata {
            decimals: metadata.get_decimals(),
            name: metadata.get_name(),
            symbol: metadata.get_symbol(),
            description: metadata.get_description(),
            icon_url: metadata.get_icon_url(),
        }),
        maximum_supply: option::none(),
        supply_immutable: false,
        metadata_immutable: true,
    };
    event::emit(CoinManaged { coin_name: name_of<T>() });
    (CoinManagerTreasuryCap { id: object::new(ctx) }, manager)
}

/// Begin a currency, as `coin::create_currency` does, and take it under management.
public fun create<T: drop>(
    witness: T,
    decimals: u8,
    symbol: vector<u8>,
    name: vector<u8>,
    description: vector<u8>,
    icon_url: Option<Url>,
    ctx: &mut TxContext,
): (CoinManagerTreasuryCap<T>, CoinManagerMetadataCap<T>, CoinManager<T>) {
    let (treasury_cap, metadata) = coin::create_currency(
        witness,
        decimals,
        symbol,
        name,
        description,
        icon_url,
        ctx,
    );
    new(treasury_cap, metadata, ctx)
}

fun name_of<T>(): ascii::String { type_name::get<T>().into_string() }

// === Additional metadata ===

/// Attach a value of any type to the metadata.
public fun add_additional_metadata<T, Value: store>(
    _: &CoinManagerMetadataCap<T>,
    manager: &mut CoinManager<T>,
    value: Value,
) {
    if (manager.has_additional_metadata()) abort EAdditionalMetadataAlreadyExists;
    field::add(&mut manager.id, ADDITIONAL_METADATA, value)
}

/// Attach another value; returns the one that was attached.
public fun replace_additional_metadata<T, Value: store, OldValue: store>(
    _: &CoinManagerMetadataCap<T>,
    manager: &mut CoinManager<T>,
    value: Value,
): OldValue {
    if (!manager.has_additional_metadata()) abort EAdditionalMetadataDoesNotExist;
    let before = field::remove(&mut manager.id, ADDITIONAL_METADATA);
    field::add(&mut manager.id, ADDITIONAL_METADATA, value);
    before
}

/// The attached value.
public fun additional_metadata<T, Value: store>(manager: &mut CoinManager<T>): &Value {
    if (!manager.has_additional_metadata()) abort EAdditionalMetadataDoesNotExist;
    field::borrow(&manager.id, ADDITIONAL_METADATA)
}

/// The attached value, for those who may not change the manager.
public fun get_additional_metadata<T, Value: store>(manager: &CoinManager<T>): &Value {
    if (!manager.has_additional_metadata()) abort EAdditionalMetadataDoesNotExist;
    field::borrow(&manager.id, ADDITIONAL_METADATA)
}

fun has_additional_metadata<T>(manager: &CoinManager<T>): bool {
    field::exists_(&manager.id, ADDITIONAL_METADATA)
}

// === Promises ===

/// Promise that there will never be more than `maximum_supply`.
public fun enforce_maximum_supply<T>(
    _: &CoinManagerTreasuryCap<T>,
    manager: &mut CoinManager<T>,
    maximum_supply: u64,
) {
    if (manager.has_maximum_supply()) abort EMaximumSupplyAlreadySet;
    if (manager.total_supply() > maximum_supply) abort EMaximumSupplyLowerThanTotalSupply;
    manager.maximum_supply.fill(maximum_supply)
}

/// Give up the right to mint: what there is now becomes the maximum.
public fun renounce_treasury_ownership<T>(
    cap: CoinManagerTreasuryCap<T>,
    manager: &mut CoinManager<T>,
) {
    let CoinManagerTreasuryCap { id } = cap;
    id.delete();
    manager.maximum_supply = option::some(manager.total_supply());
    manager.supply_immutable = true;
    event::emit(TreasuryOwnershipRenounced { coin_name: name_of<T>() })
}

/// Give up the right to change the metadata.
public fun renounce_metadata_ownership<T>(
    cap: CoinManagerMetadataCap<T>,
    manager: &mut CoinManager<T>,
) {
    let CoinManagerMetadataCap { id } = cap;
    id.delete();
    manager.metadata_immutable = true;
    event::emit(MetadataOwnershipRenounced { coin_name: name_of<T>() })
}

/// Was the right to mint given up?
public fun supply_is_immutable<T>(manager: &CoinManager<T>): bool { manager.supply_immutable }

/// Do the metadata stay as they are?
public fun metadata_is_immutable<T>(manager: &CoinManager<T>): bool {
    manager.metadata_immutable || manager.immutable_metadata.is_some()
}

// === Supply ===

/// How much there is.
public fun total_supply<T>(manager: &CoinManager<T>): u64 { manager.treasury_cap.total_supply() }

/// How much there can be at most: without a promise, whatever 64 bits hold.
public fun maximum_supply<T>(manager: &CoinManager<T>): u64 {
    manager.maximum_supply.get_with_default(std::u64::max_value!())
}

/// How much can still be minted.
public fun available_supply<T>(manager: &CoinManager<T>): u64 {
    manager.maximum_supply() - manager.total_supply()
}

/// Was a maximum promised?
public fun has_maximum_supply<T>(manager: &CoinManager<T>): bool {
    manager.maximum_supply.is_some()
}

/// The supply.
public fun supply_immut<T>(manager: &CoinManager<T>): &Supply<T> {
    manager.treasury_cap.supply_immut()
}

/// A new coin worth `value`.
public fun mint<T>(
    _: &CoinManagerTreasuryCap<T>,
    manager: &mut CoinManager<T>,
    value: u64,
    ctx: &mut TxContext,
): Coin<T> {
    manager.require_available(value);
    manager.treasury_cap.mint(value, ctx)
}

/// A new balance of `value`.
public fun mint_balance<T>(
    _: &CoinManagerTreasuryCap<T>,
    manager: &mut CoinManager<T>,
    value: u64,
): Balance<T> {
    manager.require_available(value);
    manager.treasury_cap.mint_balance(value)
}

/// A new coin worth `amount` for `recipient`.
public fun mint_and_transfer<T>(
    _: &CoinManagerTreasuryCap<T>,
    manager: &mut CoinManager<T>,
    amount: u64,
    recipient: address,
    ctx: &mut TxContext,
) {
    manager.require_available(amount);
    manager.treasury_cap.mint_and_transfer(amount, recipient, ctx)
}

/// Destroy a coin; returns what it was worth.
public entry fun burn<T>(
    _: &CoinManagerTreasuryCap<T>,
    manager: &mut CoinManager<T>,
    c: Coin<T>,
): u64 {
    manager.treasury_cap.burn(c)
}

fun require_available<T>(manager: &CoinManager<T>, value: u64) {
    if (manager.total_supply() + value > manager.maximum_supply()) abort EMaximumSupplyReached;
}

// === Metadata ===

/// The metadata, if they can change or could once.
public fun metadata<T>(manager: &CoinManager<T>): &CoinMetadata<T> { manager.metadata.borrow() }

/// The metadata, if they were frozen when management began.
public fun immutable_metadata<T>(manager: &CoinManager<T>): &ImmutableCoinMetadata<T> {
    manager.immutable_metadata.borrow()
}

public fun update_name<T>(
    _: &CoinManagerMetadataCap<T>,
    manager: &mut CoinManager<T>,
    name: string::String,
) {
    manager.require_mutable_metadata();
    manager.treasury_cap.update_name(manager.metadata.borrow_mut(), name)
}

public fun update_symbol<T>(
    _: &CoinManagerMetadataCap<T>,
    manager: &mut CoinManager<T>,
    symbol: ascii::String,
) {
    manager.require_mutable_metadata();
    manager.treasury_cap.update_symbol(manager.metadata.borrow_mut(), symbol)
}

public fun update_description<T>(
    _: &CoinManagerMetadataCap<T>,
    manager: &mut CoinManager<T>,
    description: string::String,
) {
    manager.require_mutable_metadata();
    manager.treasury_cap.update_description(manager.metadata.borrow_mut(), description)
}

public fun update_icon_url<T>(
    _: &CoinManagerMetadataCap<T>,
    manager: &mut CoinManager<T>,
    url: ascii::String,
) {
    manager.require_mutable_metadata();
    manager.treasury_cap.update_icon_url(manager.metadata.borrow_mut(), url)
}

fun require_mutable_metadata<T>(manager: &CoinManager<T>) {
    if (manager.metadata_is_immutable()) abort ENoMutableMetadata;
}

/// What `$mutable` or `$immutable` makes of the metadata, whichever there are.
macro fun metadata_field<$T, $R>(
    $manager: &CoinManager<$T>,
    $mutable: |&CoinMetadata<$T>| -> $R,
    $immutable: |&ImmutableCoinMetadata<$T>| -> $R,
): $R {
    let manager = $manager;
    if (manager.metadata.is_some()) {
        $mutable(manager.metadata.borrow())
    } else {
        $immutable(manager.immutable_metadata.borrow())
    }
}

public fun decimals<T>(manager: &CoinManager<T>): u8 {
    manager.metadata_field!(|m| m.get_decimals(), |m| m.decimals)
}

public fun name<T>(manager: &CoinManager<T>): string::String {
    manager.metadata_field!(|m| m.get_name(), |m| m.name)
}

public fun symbol<T>(manager: &CoinManager<T>): ascii::String {
    manager.metadata_field!(|m| m.get_symbol(), |m| m.symbol)
}

public fun description<T>(manager: &CoinManager<T>): string::String {
    manager.metadata_field!(|m| m.get_description(), |m| m.description)
}

public fun icon_url<T>(manager: &CoinManager<T>): Option<Url> {
    manager.metadata_field!(|m| m.get_icon_url(), |m| m.icon_url)
}
