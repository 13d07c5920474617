/// Swap two assets of any types between two parties who do not trust each other, with the help of
/// a custodian who cannot cheat either of them.
///
///  1. Each party seals its asset. What is sealed cannot change: to touch it one must break the
///     seal, and a new seal has another ID.
///  2. Each party looks at the other's seal, and sends the custodian its own sealed asset in an
///     offer that names the other's seal.
///  3. The custodian settles two offers that name each other, or returns an offer to its giver.
///
/// The custodian can neither keep an asset nor send it elsewhere. Nothing is shared, so every
/// transaction takes the fast path.
module swap::swap;

use iota::event;

/// An offer wants something else than the other one has.
const EMismatchedOffers: u64 = 0;
/// Both offers are from the same party.
const ESameParty: u64 = 1;

/// An asset that cannot change while it is in here.
public struct Sealed<T: key + store> has key, store {
    id: UID,
    asset: T,
}

/// A sealed asset for the one whose seal is `wanted`. It has no `store`: only this module moves it.
public struct Offer<T: key + store> has key {
    id: UID,
    sealed: Sealed<T>,
    wanted: ID,
    giver: address,
}

public struct Offered has copy, drop {
    offer: ID,
    sealed: ID,
    wanted: ID,
    giver: address,
    custodian: address,
}

public struct Swapped has copy, drop {
    first: ID,
    second: ID,
}

public struct Returned has copy, drop {
    offer: ID,
}

// === Seals ===

/// Seal an asset.
public fun seal<T: key + store>(asset: T, ctx: &mut TxContext): Sealed<T> {
    Sealed { id: object::new(ctx), asset }
}

/// Seal an asset and keep it.
#[allow(lint(self_transfer))]
public fun seal_and_keep<T: key + store>(asset: T, ctx: &mut TxContext) {
    transfer::public_transfer(seal(asset, ctx), ctx.sender())
}

/// Look through the seal.
public fun asset<T: key + store>(sealed: &Sealed<T>): &T { &sealed.asset }

/// Break the seal.
public fun unseal<T: key + store>(sealed: Sealed<T>): T {
    let Sealed { id, asset } = sealed;
    id.delete();
    asset
}

/// Break the seal and keep the asset.
#[allow(lint(self_transfer))]
public fun unseal_and_keep<T: key + store>(sealed: Sealed<T>, ctx: &TxContext) {
    transfer::public_transfer(sealed.unseal(), ctx.sender())
}

// === Offers ===

/// Offer a sealed asset for the one whose seal is `wanted`, and leave it with `custodian`.
public fun offer<T: key + store>(
    sealed: Sealed<T>,
    wanted: ID,
    custodian: address,
    ctx: &mut TxContext,
) {
    let giver = ctx.sender();
    let id = object::new(ctx);
    event::emit(Offered {
        offer: id.to_inner(),
        sealed: object::id(&sealed),
        wanted,
        giver,
        custodian,
    });
    transfer::transfer(Offer { id, sealed, wanted, giver }, custodian)
}

/// Give each party what the other has offered. For the custodian.
public fun settle<T: key + store, U: key + store>(first: Offer<T>, second: Offer<U>) {
    let Offer { id: first_id, sealed: first_sealed, wanted: first_wanted, giver: first_giver } =
        first;
    let Offer { id: second_id, sealed: second_sealed, wanted: second_wanted, giver: second_giver } =
        second;
    assert!(first_wanted == object::id(&second_sealed), EMismatchedOffers);
    assert!(second_wanted == object::id(&first_sealed), EMismatchedOffers);
    assert!(first_giver != second_giver, ESameParty);
    event::emit(Swapped { first: first_id.to_inner(), second: second_id.to_inner() });
    first_id.delete();
    second_id.delete();
    transfer::public_transfer(first_sealed.unseal(), second_giver);
    transfer::public_transfer(second_sealed.unseal(), first_giver)
}

/// Send an offer back to its giver, the seal unbroken. For the custodian.
public fun return_to_giver<T: key + store>(offer: Offer<T>) {
    let Offer { id, sealed, wanted: _, giver } = offer;
    event::emit(Returned { offer: id.to_inner() });
    id.delete();
    transfer::public_transfer(sealed, giver)
}
