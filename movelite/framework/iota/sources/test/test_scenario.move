/// Tests that span several transactions. A `Scenario` stands for a network: what one transaction
/// gives to an address, shares or freezes, a later one can take from there.
///
///     let mut scenario = test_scenario::begin(alice);
///     transfer::public_transfer(asset, bob);          // in the first transaction
///     scenario.next_tx(bob);
///     let asset: Asset = scenario.take_from_sender(); // in the second
///     scenario.return_to_sender(asset);
///     scenario.end();
///
/// What was taken must be returned or used up before the transaction ends.
#[test_only]
module iota::test_scenario;

use iota::transfer::Receiving;
use iota::vec_map::VecMap;

/// The transaction did something that a network would refuse.
#[allow(unused_const)]
const ECouldNotGenerateEffects: u64 = 0;
/// A shared or frozen object was transferred, deleted or changed as it must not be.
#[allow(unused_const)]
const EInvalidSharedOrImmutableUsage: u64 = 1;
/// The object was not taken from there.
const ECantReturnObject: u64 = 2;
/// There is no object of this type.
const EEmptyInventory: u64 = 3;
/// There is no such object.
#[allow(unused_const)]
const EObjectNotFound: u64 = 4;
/// The object to receive does not exist.
#[allow(unused_const)]
const EUnableToAllocateReceivingTicket: u64 = 5;
/// There is already a ticket to receive this object.
#[allow(unused_const)]
const EReceivingTicketAlreadyAllocated: u64 = 6;
/// There is no such ticket.
#[allow(unused_const)]
const EUnableToDeallocateReceivingTicket: u64 = 7;

public struct Scenario {
    txn_number: u64,
    ctx: TxContext,
}

/// A context to be: what a transaction of the scenario begins with. Without `rgp`, the reference gas
/// price stays as it is.
public struct TxContextBuilder has copy, drop {
    sender: address,
    epoch: u64,
    epoch_timestamp_ms: u64,
    ids_created: u64,
    rgp: Option<u64>,
    gas_price: u64,
    gas_budget: u64,
    sponsor: Option<address>,
}

/// What a transaction did.
public struct TransactionEffects has drop {
    created: vector<ID>,
    written: vector<ID>,
    deleted: vector<ID>,
    transferred_to_account: VecMap<ID, /* owner */ address>,
    transferred_to_object: VecMap<ID, /* owner */ ID>,
    shared: vector<ID>,
    frozen: vector<ID>,
    num_user_events: u64,
}

// === Transactions ===

/// Begin, with a first transaction of `sender`.
public fun begin(sender: address): Scenario {
    Scenario { txn_number: 0, ctx: tx_context::new_from_hint(sender, 0, 0, 0, 0) }
}

/// End the transaction and begin one of `sender`; returns what the ended one did.
public fun next_tx(scenario: &mut Scenario, sender: address): TransactionEffects {
    let number = scenario.txn_number + 1;
    let (epoch, time) = (scenario.ctx.epoch(), scenario.ctx.epoch_timestamp_ms());
    scenario.txn_number = number;
    scenario.ctx = tx_context::new_from_hint(sender, number, epoch, time, 0);
    end_transaction()
}

/// `next_tx` in the next epoch.
public fun next_epoch(scenario: &mut Scenario, sender: address): TransactionEffects {
    scenario.ctx.increment_epoch_number();
    scenario.next_tx(sender)
}

/// `next_tx` in the next epoch, which begins `delta_ms` milliseconds after this one began.
public fun later_epoch(
    scenario: &mut Scenario,
    delta_ms: u64,
    sender: address,
): TransactionEffects {
    scenario.ctx.increment_epoch_timestamp(delta_ms);
    scenario.next_epoch(sender)
}

/// End the last transaction; returns what it did.
public fun end(scenario: Scenario): TransactionEffects {
    let Scenario { txn_number: _, ctx: _ } = scenario;
    end_transaction()
}

// === Transactions with all that a context can say ===

/// The context of a first transaction of `sender`.
public fun ctx_builder_from_sender(sender: address): TxContextBuilder {
    TxContextBuilder {
        sender,
        epoch: 0,
        epoch_timestamp_ms: 0,
        ids_created: 0,
        rgp: option::some(700),
        gas_price: 1_000,
        gas_budget: 100_000_000,
        sponsor: option::none(),
    }
}

/// The running transaction's context.
public fun ctx_builder(scenario: &Scenario): TxContextBuilder {
    ctx_builder_from_context(&scenario.ctx)
}

/// The same context again.
public fun ctx_builder_from_context(ctx: &TxContext): TxContextBuilder {
    TxContextBuilder {
        sender: ctx.sender(),
        epoch: ctx.epoch(),
        epoch_timestamp_ms: ctx.epoch_timestamp_ms(),
        ids_created: ctx.get_ids_created(),
        rgp: option::some(ctx.reference_gas_price()),
        gas_price: ctx.gas_price(),
        gas_budget: ctx.gas_budget(),
        sponsor: ctx.sponsor(),
    }
}

public fun set_epoch(mut builder: TxContextBuilder, epoch: u64): TxContextBuilder {
    builder.epoch = epoch;
    builder
}

public fun set_epoch_timestamp(mut builder: TxContextBuilder, ms: u64): TxContextBuilder {
    builder.epoch_timestamp_ms = ms;
    builder
}

public fun set_ids_created(mut builder: TxContextBuilder, ids_created: u64): TxContextBuilder {
    builder.ids_created = ids_created;
    builder
}

public fun set_reference_gas_price(mut builder: TxContextBuilder, rgp: u64): TxContextBuilder {
    builder.rgp = option::some(rgp);
    builder
}

public fun unset_reference_gas_price(mut builder: TxContextBuilder): TxContextBuilder {
    builder.rgp = option::none();
    builder
}

public fun set_gas_price(mut builder: TxContextBuilder, gas_price: u64): TxContextBuilder {
    builder.gas_price = gas_price;
    builder
}

public fun set_gas_budget(mut builder: TxContextBuilder, gas_budget: u64): TxContextBuilder {
    builder.gas_budget = gas_budget;
    builder
}

public fun set_sponsor(mut builder: TxContextBuilder, sponsor: address): TxContextBuilder {
    builder.sponsor = option::some(sponsor);
    builder
}

public fun unset_sponsor(mut builder: TxContextBuilder): TxContextBuilder {
    builder.sponsor = option::none();
    builder
}

fun build(builder: TxContextBuilder, number: u64, rgp: u64): TxContext {
    tx_context::create(
        builder.sender,
        tx_context::dummy_tx_hash_with_hint(number),
        builder.epoch,
        builder.epoch_timestamp_ms,
        builder.ids_created,
        rgp,
        builder.gas_price,
        builder.gas_budget,
        builder.sponsor,
    )
}

/// Begin, with a first transaction in this context, which must have a reference gas price.
public fun begin_with_context(ctx_builder: TxContextBuilder): Scenario {
    assert!(ctx_builder.rgp.is_some());
    Scenario { txn_number: 0, ctx: ctx_builder.build(0, *ctx_builder.rgp.borrow()) }
}

/// End the transaction and begin one in this context, whose time is not before the running one's. A later
/// epoch begins after one transaction in each epoch between; only a later one changes the reference gas
/// price. Returns what the last transaction did that ended.
public fun next_with_context(
    scenario: &mut Scenario,
    ctx_builder: TxContextBuilder,
): TransactionEffects {
    let (epoch, current) = (ctx_builder.epoch, scenario.ctx.epoch());
    let old_price = scenario.ctx.reference_gas_price();
    let price = ctx_builder.rgp.get_with_default(old_price);
    assert!(epoch >= current);
    assert!(price == old_price || epoch > current);
    assert!(ctx_builder.epoch_timestamp_ms >= scenario.ctx.epoch_timestamp_ms());
    let mut reached = current;
    loop {
        if (reached < epoch) reached = reached + 1;
        scenario.txn_number = scenario.txn_number + 1;
        scenario.ctx = ctx_builder.set_epoch(reached).build(scenario.txn_number, price);
        let effects = end_transaction();
        if (reached == epoch) return effects
    }
}

/// Go on to an epoch that is not in the past.
public fun skip_to_epoch(scenario: &mut Scenario, epoch: u64) {
    let current = scenario.ctx.epoch();
    assert!(epoch >= current);
    (epoch - current).do!(|_| {
        scenario.ctx.increment_epoch_number();
        end_transaction()
    })
}

/// Make the objects that every ledger has and share them: clock, random and deny list.
public fun create_system_objects(scenario: &mut Scenario) {
    let sender = scenario.sender();
    scenario.next_tx(@0x0);
    iota::clock::create_for_testing(scenario.ctx()).share_for_testing();
    iota::random::create_for_testing(scenario.ctx());
    iota::deny_list::create_for_test(scenario.ctx());
    scenario.next_tx(sender);
}

/// The running transaction's context.
public fun ctx(scenario: &mut Scenario): &mut TxContext { &mut scenario.ctx }

/// An identity for a new object.
public fun new_object(scenario: &mut Scenario): UID { object::new(&mut scenario.ctx) }

/// The running transaction's sender.
public fun sender(scenario: &Scenario): address { scenario.ctx.sender() }

/// How many transactions have ended.
public fun num_concluded_txes(scenario: &Scenario): u64 { scenario.txn_number }

// === Effects ===

public fun created(effects: &TransactionEffects): vector<ID> { effects.created }

/// Objects made or changed, but not deleted.
public fun written(effects: &TransactionEffects): vector<ID> { effects.written }

public fun deleted(effects: &TransactionEffects): vector<ID> { effects.deleted }

/// Objects given to addresses, and to which.
public fun transferred_to_account(effects: &TransactionEffects): VecMap<ID, address> {
    effects.transferred_to_account
}

/// Objects attached to objects, and to which.
public fun transferred_to_object(effects: &TransactionEffects): VecMap<ID, ID> {
    effects.transferred_to_object
}

public fun shared(effects: &TransactionEffects): vector<ID> { effects.shared }

public fun frozen(effects: &TransactionEffects): vector<ID> { effects.frozen }

public fun num_user_events(effects: &TransactionEffects): u64 { effects.num_user_events }

// === Objects of an address ===

/// Take the object `id` from `account`.
public native fun take_from_address_by_id<T: key>(
    scenario: &Scenario,
    account: address,
    id: ID,
): T;

/// The object of type `T` that `account` got last, if it has one.
public native fun most_recent_id_for_address<T: key>(account: address): Option<ID>;

/// All objects of type `T` that `account` has.
public native fun ids_for_address<T: key>(account: address): vector<ID>;

/// Was `id` taken from `account` in this transaction?
public native fun was_taken_from_address(account: address, id: ID): bool;

public fun has_most_recent_for_address<T: key>(account: address): bool {
    most_recent_id_for_address<T>(account).is_some()
}

/// Take the object of type `T` that `account` got last.
public fun take_from_address<T: key>(scenario: &Scenario, account: address): T {
    let id = found(most_recent_id_for_address<T>(account));
    take_from_address_by_id(scenario, account, id)
}

/// Give back what was taken from `account`.
public fun return_to_address<T: key>(account: address, t: T) {
    if (!was_taken_from_address(account, object::id(&t))) abort ECantReturnObject;
    transfer::transfer_impl(t, account)
}

// === Objects of the sender ===

public fun take_from_sender_by_id<T: key>(scenario: &Scenario, id: ID): T {
    take_from_address_by_id(scenario, scenario.sender(), id)
}

public fun most_recent_id_for_sender<T: key>(scenario: &Scenario): Option<ID> {
    most_recent_id_for_address<T>(scenario.sender())
}

public fun has_most_recent_for_sender<T: key>(scenario: &Scenario): bool {
    has_most_recent_for_address<T>(scenario.sender())
}

public fun take_from_sender<T: key>(scenario: &Scenario): T {
    take_from_address(scenario, scenario.sender())
}

public fun return_to_sender<T: key>(scenario: &Scenario, t: T) {
    return_to_address(scenario.sender(), t)
}

public fun was_taken_from_sender(scenario: &Scenario, id: ID): bool {
    was_taken_from_address(scenario.sender(), id)
}

public fun ids_for_sender<T: key>(scenario: &Scenario): vector<ID> {
    ids_for_address<T>(scenario.sender())
}

// === Frozen objects ===

public native fun take_immutable_by_id<T: key>(scenario: &Scenario, id: ID): T;

public native fun most_recent_immutable_id<T: key>(): Option<ID>;

public native fun was_taken_immutable(id: ID): bool;

public fun has_most_recent_immutable<T: key>(): bool { most_recent_immutable_id<T>().is_some() }

public fun take_immutable<T: key>(scenario: &Scenario): T {
    take_immutable_by_id(scenario, found(most_recent_immutable_id<T>()))
}

public fun return_immutable<T: key>(t: T) {
    if (!was_taken_immutable(object::id(&t))) abort ECantReturnObject;
    transfer::freeze_object_impl(t)
}

// === Shared objects ===

public native fun take_shared_by_id<T: key>(scenario: &Scenario, id: ID): T;

public native fun most_recent_id_shared<T: key>(): Option<ID>;

public fun has_most_recent_shared<T: key>(): bool { most_recent_id_shared<T>().is_some() }

public fun take_shared<T: key>(scenario: &Scenario): T {
    take_shared_by_id(scenario, found(most_recent_id_shared<T>()))
}

public fun return_shared<T: key>(t: T) {
    if (!was_taken_shared(object::id(&t))) abort ECantReturnObject;
    transfer::share_object_impl(t)
}

// === Objects sent to objects ===

/// All objects of type `T` that were sent to the object `object`.
public fun receivable_object_ids_for_owner_id<T: key>(object: ID): vector<ID> {
    ids_for_address<T>(object.to_address())
}

/// The right to receive the object of type `T` that was sent to `owner` last.
public fun most_recent_receiving_ticket<T: key>(owner: &ID): Receiving<T> {
    receiving_ticket_by_id(found(most_recent_id_for_address<T>(owner.to_address())))
}

/// The right to receive this object.
public fun receiving_ticket_by_id<T: key>(object_id: ID): Receiving<T> {
    let version = allocate_receiving_ticket_for_object<T>(object_id);
    transfer::make_receiver(object_id, version)
}

/// Give back a right that was not used.
public fun return_receiving_ticket<T: key>(ticket: Receiving<T>) {
    deallocate_receiving_ticket_for_object(transfer::receiving_id(&ticket))
}

fun found(id: Option<ID>): ID { id.destroy_or!(abort EEmptyInventory) }

native fun was_taken_shared(id: ID): bool;
native fun allocate_receiving_ticket_for_object<T: key>(object_id: ID): u64;
native fun deallocate_receiving_ticket_for_object(object_id: ID);
native fun end_transaction(): TransactionEffects;
