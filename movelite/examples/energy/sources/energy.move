/// Energy as a coin: what a certified meter has measured, and nothing else, becomes `Coin<ENERGY>`.
///
/// An amount of 1 is one watt-hour; wallets show kilowatt-hours (three decimals). The issuer can
/// never mint more than the cap that was fixed when the package was published: not even after
/// energy was redeemed. Coins move freely; who redeems one burns it with the issuer.
module energy::energy;

use iota::coin::{Self, Coin, TreasuryCap};
use iota::event;
use iota::url;
use std::string::String;

/// The meter shows no more than at its last reading.
const EReadingNotRising: u64 = 0;
/// The cap would be exceeded.
const ECapReached: u64 = 1;
/// Another issuer certified the meter.
const EForeignMeter: u64 = 2;
/// The meter was taken out of service.
const EMeterRetired: u64 = 3;

/// Most that can ever be minted: 10 GWh.
const CAP_WH: u64 = 10_000_000_000;

/// One-time witness; names the coin.
public struct ENERGY has drop {}

/// The right to certify meters and to mint what they measure.
public struct Issuer has key, store {
    id: UID,
    treasury: TreasuryCap<ENERGY>,
    /// Minted so far, redeemed or not.
    issued_wh: u64,
    cap_wh: u64,
}

/// A certified meter. It has no `store`: only this module moves it.
public struct Meter has key {
    id: UID,
    issuer: ID,
    serial: String,
    reading_wh: u64,
    is_retired: bool,
}

/// The meter may be read from now on.
public struct MeterCertified has copy, drop {
    meter: ID,
    serial: String,
    reading_wh: u64,
}

/// Energy was minted for what the meter measured between two readings.
public struct EnergyIssued has copy, drop {
    meter: ID,
    from_wh: u64,
    to_wh: u64,
}

/// Energy was used up.
public struct EnergyRedeemed has copy, drop {
    amount_wh: u64,
}

fun init(witness: ENERGY, ctx: &mut TxContext) {
    let (treasury, metadata) = coin::create_currency(
        witness,
        3,
        b"KWH",
        b"Metered energy",
        b"One unit is one kilowatt-hour that a certified meter has measured.",
        option::some(url::new_unsafe_from_bytes(b"https://example.com/energy.svg")),
        ctx,
    );
    transfer::public_freeze_object(metadata);
    let issuer = Issuer { id: object::new(ctx), treasury, issued_wh: 0, cap_wh: CAP_WH };
    transfer::public_transfer(issuer, ctx.sender());
}

// === Meters ===

/// Certify a meter that now shows `reading_wh`, and give it to whoever will send its readings.
public fun certify(
    issuer: &Issuer,
    serial: String,
    reading_wh: u64,
    operator: address,
    ctx: &mut TxContext,
) {
    let id = object::new(ctx);
    event::emit(MeterCertified { meter: id.to_inner(), serial, reading_wh });
    let issuer = object::id(issuer);
    transfer::transfer(Meter { id, issuer, serial, reading_wh, is_retired: false }, operator)
}

/// Mint what the meter has measured since its last reading.
public fun issue(
    issuer: &mut Issuer,
    meter: &mut Meter,
    reading_wh: u64,
    ctx: &mut TxContext,
): Coin<ENERGY> {
    assert!(meter.issuer == object::id(issuer), EForeignMeter);
    assert!(!meter.is_retired, EMeterRetired);
    assert!(reading_wh > meter.reading_wh, EReadingNotRising);
    let amount = reading_wh - meter.reading_wh;
    assert!(amount <= issuer.available_wh(), ECapReached);
    event::emit(EnergyIssued {
        meter: object::id(meter),
        from_wh: meter.reading_wh,
        to_wh: reading_wh,
    });
    issuer.issued_wh = issuer.issued_wh + amount;
    meter.reading_wh = reading_wh;
    issuer.treasury.mint(amount, ctx)
}

/// `issue` for `recipient`.
public fun issue_to(
    issuer: &mut Issuer,
    meter: &mut Meter,
    reading_wh: u64,
    recipient: address,
    ctx: &mut TxContext,
) {
    transfer::public_transfer(issuer.issue(meter, reading_wh, ctx), recipient)
}

/// Take a meter out of service; nothing more is minted for it.
public fun retire(meter: &mut Meter) { meter.is_retired = true }

/// Give a meter to another operator.
public fun hand_over(meter: Meter, operator: address) { transfer::transfer(meter, operator) }

// === Energy ===

/// Burn energy that was used up; returns how much it was.
public fun redeem(issuer: &mut Issuer, energy: Coin<ENERGY>): u64 {
    let amount_wh = issuer.treasury.burn(energy);
    event::emit(EnergyRedeemed { amount_wh });
    amount_wh
}

/// Minted and not redeemed.
public fun outstanding_wh(issuer: &Issuer): u64 { issuer.treasury.total_supply() }

/// What can still be minted.
public fun available_wh(issuer: &Issuer): u64 { issuer.cap_wh - issuer.issued_wh }

/// The meter's last reading.
public fun reading_wh(meter: &Meter): u64 { meter.reading_wh }

/// What is written on the meter.
public fun serial(meter: &Meter): String { meter.serial }

#[test_only]
public fun init_for_testing(ctx: &mut TxContext) { init(ENERGY {}, ctx) }

#[test_only]
public fun set_cap_for_testing(issuer: &mut Issuer, cap_wh: u64) { issuer.cap_wh = cap_wh }
