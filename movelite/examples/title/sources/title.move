/// Titles of devices: who owns the `Title` owns the device, and may lease it out.
///
/// A lease gives a tenant a `TenantKey`, which the device accepts until the lease ends. The key
/// cannot be passed on. There is one lease at a time; it goes with the title when that is sold.
/// Times are compared with the beginning of the current epoch, so that nothing shared is needed.
module title::title;

use iota::display;
use iota::event;
use iota::package;
use std::string::String;

/// The device is leased out.
const EAlreadyLeased: u64 = 0;
/// The device is not leased out.
const ENotLeased: u64 = 1;
/// The lease would end before it began.
const EEndIsPast: u64 = 2;
/// The lease has not ended: the tenant must give the key back first.
const ELeaseRuns: u64 = 3;
/// The key is for another lease.
const EWrongKey: u64 = 4;

/// One-time witness; proves who published the package.
public struct TITLE has drop {}

/// The right to issue titles.
public struct MakerCap has key, store {
    id: UID,
    maker: String,
}

/// The title of one device.
public struct Title has key, store {
    id: UID,
    maker: String,
    model: String,
    serial: String,
    image_url: String,
    lease: Option<Lease>,
}

/// What the title knows of the lease that runs.
public struct Lease has drop, store {
    key: ID,
    tenant: address,
    until_ms: u64,
}

/// Opens the device until the lease ends. It has no `store`: the tenant cannot pass it on.
public struct TenantKey has key {
    id: UID,
    title: ID,
    until_ms: u64,
}

public struct TitleIssued has copy, drop {
    title: ID,
    serial: String,
}

public struct Leased has copy, drop {
    title: ID,
    key: ID,
    tenant: address,
    until_ms: u64,
}

public struct LeaseEnded has copy, drop {
    title: ID,
    key: ID,
}

fun init(witness: TITLE, ctx: &mut TxContext) {
    let publisher = package::claim(witness, ctx);
    let fields = vector[b"name", b"description", b"image_url", b"creator"];
    let texts = vector[
        b"{model} {serial}",
        b"Title of the device {serial}, made by {maker}",
        b"{image_url}",
        b"{maker}",
    ];
    let mut display = display::new_with_fields<Title>(
        &publisher,
        fields.map!(|field| field.to_string()),
        texts.map!(|text| text.to_string()),
        ctx,
    );
    display.update_version();
    let cap = MakerCap { id: object::new(ctx), maker: b"Example Devices".to_string() };
    transfer::public_transfer(publisher, ctx.sender());
    transfer::public_transfer(display, ctx.sender());
    transfer::public_transfer(cap, ctx.sender());
}

// === Titles ===

/// A title for a new device.
public fun issue(
    cap: &MakerCap,
    model: String,
    serial: String,
    image_url: String,
    ctx: &mut TxContext,
): Title {
    let id = object::new(ctx);
    event::emit(TitleIssued { title: id.to_inner(), serial });
    Title { id, maker: cap.maker, model, serial, image_url, lease: option::none() }
}

/// `issue` for `owner`.
public fun issue_to(
    cap: &MakerCap,
    model: String,
    serial: String,
    image_url: String,
    owner: address,
    ctx: &mut TxContext,
) {
    transfer::public_transfer(cap.issue(model, serial, image_url, ctx), owner)
}

/// End the title of a device that is no more.
public fun destroy(title: Title) {
    assert!(title.lease.is_none(), EAlreadyLeased);
    let Title { id, maker: _, model: _, serial: _, image_url: _, lease: _ } = title;
    id.delete()
}

// === Leases ===

/// Lease the device to `tenant` until `until_ms` (milliseconds since 1970).
public fun lease(title: &mut Title, tenant: address, until_ms: u64, ctx: &mut TxContext) {
    assert!(title.lease.is_none(), EAlreadyLeased);
    assert!(until_ms > ctx.epoch_timestamp_ms(), EEndIsPast);
    let id = object::new(ctx);
    let (key, title_id) = (id.to_inner(), object::id(title));
    title.lease.fill(Lease { key, tenant, until_ms });
    event::emit(Leased { title: title_id, key, tenant, until_ms });
    transfer::transfer(TenantKey { id, title: title_id, until_ms }, tenant)
}

/// The tenant sends the key to the owner of the title, who can then end the lease early.
public fun give_back(key: TenantKey, owner: address) { transfer::transfer(key, owner) }

/// End the lease with the key that the tenant gave back.
public fun end_lease(title: &mut Title, key: TenantKey) {
    assert!(title.lease.is_some(), ENotLeased);
    let TenantKey { id, title: _, until_ms: _ } = key;
    assert!(title.lease.borrow().key == id.to_inner(), EWrongKey);
    id.delete();
    title.close()
}

/// End a lease whose time is over. The tenant's key opens nothing any more.
public fun end_expired_lease(title: &mut Title, ctx: &TxContext) {
    assert!(title.lease.is_some(), ENotLeased);
    assert!(title.lease.borrow().until_ms <= ctx.epoch_timestamp_ms(), ELeaseRuns);
    title.close()
}

/// Throw a key away whose lease is over.
public fun discard(key: TenantKey, ctx: &TxContext) {
    assert!(!key.is_valid(ctx), ELeaseRuns);
    let TenantKey { id, title: _, until_ms: _ } = key;
    id.delete()
}

fun close(title: &mut Title) {
    let Lease { key, tenant: _, until_ms: _ } = title.lease.extract();
    event::emit(LeaseEnded { title: object::id(title), key })
}

// === Asking ===

/// Does the key open its device now?
public fun is_valid(key: &TenantKey, ctx: &TxContext): bool {
    ctx.epoch_timestamp_ms() < key.until_ms
}

/// Which device the key opens.
public fun opens(key: &TenantKey): ID { key.title }

/// Who has leased the device, if anyone.
public fun tenant(title: &Title): Option<address> { title.lease.map_ref!(|lease| lease.tenant) }

/// What is written on the device.
public fun serial(title: &Title): String { title.serial }

#[test_only]
public fun init_for_testing(ctx: &mut TxContext) { init(TITLE {}, ctx) }
