/// A shop that one owner keeps and everyone may buy from. What is sold leaves it with a request
/// that only the seller's rules for that type (`transfer_policy`) can settle: so those who made an
/// asset can ask for royalties, or for whatever else, on every sale.
///
/// An item is in one of four states, of which the dynamic fields tell:
///  - placed: `Item`;
///  - locked: `Item` and `Lock`; it can be sold but not taken;
///  - listed: also `Listing` with its price; anyone may buy it;
///  - listed exclusively: also the other `Listing`; who has the `PurchaseCap` may buy it.
module iota::kiosk;

use iota::balance::{Self, Balance};
use iota::coin::{Self, Coin};
use iota::dynamic_field as field;
use iota::dynamic_object_field as object_field;
use iota::event;
use iota::iota::IOTA;
use iota::transfer_policy::{Self, TransferPolicy, TransferRequest};

public use fun kiosk_owner_cap_for as KioskOwnerCap.kiosk;

/// The capability is for another kiosk.
const ENotOwner: u64 = 0;
/// That is not the price, or less than the least one.
const EIncorrectAmount: u64 = 1;
/// There is less profit than is to be withdrawn.
const ENotEnough: u64 = 2;
/// There are still items.
const ENotEmpty: u64 = 3;
/// Somebody has the right to buy the item.
const EListedExclusively: u64 = 4;
/// The promise or the right to buy is for another kiosk.
const EWrongKiosk: u64 = 5;
/// The item is for sale already.
const EAlreadyListed: u64 = 6;
/// The item can only be sold.
const EItemLocked: u64 = 8;
/// The item is for sale.
const EItemIsListed: u64 = 9;
/// This is not the item that was lent.
const EItemMismatch: u64 = 10;
/// There is no such item.
const EItemNotFound: u64 = 11;
/// The item is not for sale.
const ENotListed: u64 = 12;

public struct Kiosk has key, store {
    id: UID,
    profits: Balance<IOTA>,
    /// For show only: rights come from the `KioskOwnerCap`.
    owner: address,
    /// Number of items, also those lent out.
    item_count: u32,
}

/// The right to run a kiosk.
public struct KioskOwnerCap has key, store {
    id: UID,
    `for`: ID,
}

/// The right to buy one item, at no less than `min_price`. Nobody else can buy or take it while
/// this exists.
public struct PurchaseCap<phantom T: key + store> has key, store {
    id: UID,
    kiosk_id: ID,
    item_id: ID,
    min_price: u64,
}

/// The promise to bring back an item in this transaction.
public struct Borrow { kiosk_id: ID, item_id: ID }

/// Name of the field that has an item.
public struct Item has copy, drop, store { id: ID }

/// Name of the field that has an item's price.
public struct Listing has copy, drop, store { id: ID, is_exclusive: bool }

/// Name of the field that locks an item.
public struct Lock has copy, drop, store { id: ID }

/// Anyone may buy the item now.
public struct ItemListed<phantom T: key + store> has copy, drop {
    kiosk: ID,
    id: ID,
    price: u64,
}

/// Somebody bought the item.
public struct ItemPurchased<phantom T: key + store> has copy, drop {
    kiosk: ID,
    id: ID,
    price: u64,
}

/// The item is no longer for sale.
public struct ItemDelisted<phantom T: key + store> has copy, drop {
    kiosk: ID,
    id: ID,
}

// === Opening and closing ===

/// Open a kiosk for the sender and share it.
#[allow(lint(self_transfer, share_owned))]
entry fun default(ctx: &mut TxContext) {
    let (kiosk, cap) = new(ctx);
    transfer::transfer(cap, ctx.sender());
    transfer::share_object(kiosk)
}

/// A kiosk and the right to run it.
public fun new(ctx: &mut TxContext): (Kiosk, KioskOwnerCap) {
    let kiosk = Kiosk {
        id: object::new(ctx),
        profits: balance::zero(),
        owner: ctx.sender(),
        item_count: 0,
    };
    let cap = KioskOwnerCap { id: object::new(ctx), `for`: object::id(&kiosk) };
    (kiosk, cap)
}

/// Close a kiosk without items; returns its profits.
public fun close_and_withdraw(
    self: Kiosk,
    cap: KioskOwnerCap,
    ctx: &mut TxContext,
): Coin<IOTA> {
    self.require_owner(&cap);
    let Kiosk { id, profits, owner: _, item_count } = self;
    if (item_count != 0) abort ENotEmpty;
    let KioskOwnerCap { id: cap_id, `for`: _ } = cap;
    cap_id.delete();
    id.delete();
    profits.into_coin(ctx)
}

/// Show the sender as owner.
public fun set_owner(self: &mut Kiosk, cap: &KioskOwnerCap, ctx: &TxContext) {
    self.set_owner_custom(cap, ctx.sender())
}

/// Show `owner` as owner.
public fun set_owner_custom(self: &mut Kiosk, cap: &KioskOwnerCap, owner: address) {
    self.require_owner(cap);
    self.owner = owner
}

// === Putting in and taking out ===

/// Put an item in.
public fun place<T: key + store>(self: &mut Kiosk, cap: &KioskOwnerCap, item: T) {
    self.require_owner(cap);
    self.place_internal(item)
}

/// Put an item in for good: it can only leave by sale. That there is a policy shows that it can.
public fun lock<T: key + store>(
    self: &mut Kiosk,
    cap: &KioskOwnerCap,
    _policy: &TransferPolicy<T>,
    item: T,
) {
    self.require_owner(cap);
    self.lock_internal(item)
}

/// Take an item out, also one for sale to anyone.
public fun take<T: key + store>(self: &mut Kiosk, cap: &KioskOwnerCap, id: ID): T {
    self.require_owner(cap);
    if (self.is_locked(id)) abort EItemLocked;
    if (self.is_listed_exclusively(id)) abort EListedExclusively;
    if (!self.has_item(id)) abort EItemNotFound;
    self.item_count = self.item_count - 1;
    field::remove_if_exists<Listing, u64>(&mut self.id, Listing { id, is_exclusive: false });
    object_field::remove(&mut self.id, Item { id })
}

// === For sale to anyone ===

/// Offer an item.
public fun list<T: key + store>(self: &mut Kiosk, cap: &KioskOwnerCap, id: ID, price: u64) {
    self.require_owner(cap);
    if (!self.has_item_with_type<T>(id)) abort EItemNotFound;
    if (self.is_listed_exclusively(id)) abort EListedExclusively;
    field::add(&mut self.id, Listing { id, is_exclusive: false }, price);
    event::emit(ItemListed<T> { kiosk: object::id(self), id, price })
}

/// Put an item in and offer it.
public fun place_and_list<T: key + store>(
    self: &mut Kiosk,
    cap: &KioskOwnerCap,
    item: T,
    price: u64,
) {
    let id = object::id(&item);
    self.place(cap, item);
    self.list<T>(cap, id, price)
}

/// Withdraw an offer.
public fun delist<T: key + store>(self: &mut Kiosk, cap: &KioskOwnerCap, id: ID) {
    self.require_owner(cap);
    if (!self.has_item_with_type<T>(id)) abort EItemNotFound;
    if (self.is_listed_exclusively(id)) abort EListedExclusively;
    if (!self.is_listed(id)) abort ENotListed;
    field::remove<Listing, u64>(&mut self.id, Listing { id, is_exclusive: false });
    event::emit(ItemDelisted<T> { kiosk: object::id(self), id })
}

/// Buy an item for exactly its price.
public fun purchase<T: key + store>(
    self: &mut Kiosk,
    id: ID,
    payment: Coin<IOTA>,
): (T, TransferRequest<T>) {
    let price = field::remove<Listing, u64>(&mut self.id, Listing { id, is_exclusive: false });
    let item = object_field::remove(&mut self.id, Item { id });
    if (payment.value() != price) abort EIncorrectAmount;
    self.settle(id, payment);
    event::emit(ItemPurchased<T> { kiosk: object::id(self), id, price });
    (item, transfer_policy::new_request(id, price, object::id(self)))
}

// === For sale to one ===

/// Give out the right to buy an item.
public fun list_with_purchase_cap<T: key + store>(
    self: &mut Kiosk,
    cap: &KioskOwnerCap,
    id: ID,
    min_price: u64,
    ctx: &mut TxContext,
): PurchaseCap<T> {
    self.require_owner(cap);
    if (!self.has_item_with_type<T>(id)) abort EItemNotFound;
    if (self.is_listed(id)) abort EAlreadyListed;
    field::add(&mut self.id, Listing { id, is_exclusive: true }, min_price);
    PurchaseCap { id: object::new(ctx), kiosk_id: object::id(self), item_id: id, min_price }
}

/// Buy the item that the right is for, for its least price or more.
public fun purchase_with_cap<T: key + store>(
    self: &mut Kiosk,
    purchase_cap: PurchaseCap<T>,
    payment: Coin<IOTA>,
): (T, TransferRequest<T>) {
    let PurchaseCap { id: cap_id, kiosk_id, item_id: id, min_price } = purchase_cap;
    cap_id.delete();
    let paid = payment.value();
    if (paid < min_price) abort EIncorrectAmount;
    if (object::id(self) != kiosk_id) abort EWrongKiosk;
    field::remove<Listing, u64>(&mut self.id, Listing { id, is_exclusive: true });
    self.settle(id, payment);
    let item = object_field::remove(&mut self.id, Item { id });
    (item, transfer_policy::new_request(id, paid, kiosk_id))
}

/// Give the right to buy back unused.
public fun return_purchase_cap<T: key + store>(self: &mut Kiosk, purchase_cap: PurchaseCap<T>) {
    let PurchaseCap { id: cap_id, kiosk_id, item_id: id, min_price: _ } = purchase_cap;
    if (object::id(self) != kiosk_id) abort EWrongKiosk;
    field::remove<Listing, u64>(&mut self.id, Listing { id, is_exclusive: true });
    cap_id.delete()
}

/// What both ways to buy have in common.
fun settle(self: &mut Kiosk, id: ID, payment: Coin<IOTA>) {
    self.item_count = self.item_count - 1;
    field::remove_if_exists<Lock, bool>(&mut self.id, Lock { id });
    coin::put(&mut self.profits, payment)
}

// === Profits ===

/// Take `amount` of the profits, or all of them.
public fun withdraw(
    self: &mut Kiosk,
    cap: &KioskOwnerCap,
    amount: Option<u64>,
    ctx: &mut TxContext,
): Coin<IOTA> {
    self.require_owner(cap);
    let profits = self.profits.value();
    let amount = amount.destroy_or!(profits);
    if (amount > profits) abort ENotEnough;
    coin::take(&mut self.profits, amount, ctx)
}

/// How much the profits are.
public fun profits_amount(self: &Kiosk): u64 { self.profits.value() }

/// The profits, to be changed.
public fun profits_mut(self: &mut Kiosk, cap: &KioskOwnerCap): &mut Balance<IOTA> {
    self.require_owner(cap);
    &mut self.profits
}

// === Using items in the kiosk ===

/// An item, to look at.
#[syntax(index)]
public fun borrow<T: key + store>(self: &Kiosk, cap: &KioskOwnerCap, id: ID): &T {
    self.require_owner(cap);
    if (!self.has_item(id)) abort EItemNotFound;
    object_field::borrow(&self.id, Item { id })
}

/// An item that is not for sale, to be changed in place.
#[syntax(index)]
public fun borrow_mut<T: key + store>(self: &mut Kiosk, cap: &KioskOwnerCap, id: ID): &mut T {
    self.require_unlisted(cap, id);
    object_field::borrow_mut(&mut self.id, Item { id })
}

/// An item that is not for sale, for a promise to bring it back.
public fun borrow_val<T: key + store>(
    self: &mut Kiosk,
    cap: &KioskOwnerCap,
    id: ID,
): (T, Borrow) {
    self.require_unlisted(cap, id);
    let item = object_field::remove(&mut self.id, Item { id });
    (item, Borrow { kiosk_id: object::id(self), item_id: id })
}

/// Bring back a lent item and the promise with it.
public fun return_val<T: key + store>(self: &mut Kiosk, item: T, borrow: Borrow) {
    let Borrow { kiosk_id, item_id: id } = borrow;
    if (object::id(self) != kiosk_id) abort EWrongKiosk;
    if (object::id(&item) != id) abort EItemMismatch;
    object_field::add(&mut self.id, Item { id }, item)
}

// === Asking ===

/// Is the item there, and not lent out?
public fun has_item(self: &Kiosk, id: ID): bool { object_field::exists_(&self.id, Item { id }) }

/// Is the item there, not lent out, and of type `T`?
public fun has_item_with_type<T: key + store>(self: &Kiosk, id: ID): bool {
    object_field::exists_with_type<Item, T>(&self.id, Item { id })
}

/// Can the item only be sold?
public fun is_locked(self: &Kiosk, id: ID): bool { field::exists_(&self.id, Lock { id }) }

/// Is the item for sale, to anyone or to one?
public fun is_listed(self: &Kiosk, id: ID): bool {
    field::exists_(&self.id, Listing { id, is_exclusive: false }) ||
    self.is_listed_exclusively(id)
}

/// Is the item for sale to one?
public fun is_listed_exclusively(self: &Kiosk, id: ID): bool {
    field::exists_(&self.id, Listing { id, is_exclusive: true })
}

/// Is the capability for this kiosk?
public fun has_access(self: &mut Kiosk, cap: &KioskOwnerCap): bool {
    object::id(self) == cap.`for`
}

/// The kiosk's identity, to be changed: for dynamic fields of the owner's own.
public fun uid_mut_as_owner(self: &mut Kiosk, cap: &KioskOwnerCap): &mut UID {
    self.require_owner(cap);
    &mut self.id
}

/// The kiosk's identity.
public fun uid(self: &Kiosk): &UID { &self.id }

/// Who is shown as owner.
public fun owner(self: &Kiosk): address { self.owner }

/// Number of items, also those lent out.
public fun item_count(self: &Kiosk): u32 { self.item_count }

/// Which kiosk the capability is for.
public fun kiosk_owner_cap_for(cap: &KioskOwnerCap): ID { cap.`for` }

/// In which kiosk the item is.
public fun purchase_cap_kiosk<T: key + store>(self: &PurchaseCap<T>): ID { self.kiosk_id }

/// Which item it is.
public fun purchase_cap_item<T: key + store>(self: &PurchaseCap<T>): ID { self.item_id }

/// What it costs at least.
public fun purchase_cap_min_price<T: key + store>(self: &PurchaseCap<T>): u64 { self.min_price }

// === For kiosk_extension ===

public(package) fun lock_internal<T: key + store>(self: &mut Kiosk, item: T) {
    field::add(&mut self.id, Lock { id: object::id(&item) }, true);
    self.place_internal(item)
}

public(package) fun place_internal<T: key + store>(self: &mut Kiosk, item: T) {
    self.item_count = self.item_count + 1;
    object_field::add(&mut self.id, Item { id: object::id(&item) }, item)
}

public(package) fun uid_mut_internal(self: &mut Kiosk): &mut UID { &mut self.id }

fun require_owner(self: &Kiosk, cap: &KioskOwnerCap) {
    if (object::id(self) != cap.`for`) abort ENotOwner;
}

fun require_unlisted(self: &Kiosk, cap: &KioskOwnerCap, id: ID) {
    self.require_owner(cap);
    if (!self.has_item(id)) abort EItemNotFound;
    if (self.is_listed(id)) abort EItemIsListed;
}
