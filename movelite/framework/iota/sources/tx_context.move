/// The transaction that is running: who sent it, and when.
module iota::tx_context;

#[test_only]
/// Bytes in a transaction digest.
const TX_HASH_LENGTH: u64 = 32;

#[test_only]
/// The digest has the wrong length.
const EBadTxHashLength: u64 = 0;
#[test_only]
/// No object has been made yet.
const ENoIDsCreated: u64 = 1;

/// The runtime makes it and passes it to every function that asks for it last.
public struct TxContext has drop {
    sender: address,
    tx_hash: vector<u8>,
    epoch: u64,
    /// When the epoch began, in milliseconds since 1970.
    epoch_timestamp_ms: u64,
    /// How many addresses this transaction has drawn so far.
    ids_created: u64,
}

/// Who signed the transaction.
public fun sender(self: &TxContext): address { self.sender }

/// The digest of the transaction.
public fun digest(self: &TxContext): &vector<u8> { &self.tx_hash }

/// The epoch in which it runs.
public fun epoch(self: &TxContext): u64 { self.epoch }

/// When that epoch began, in milliseconds since 1970: the same for all of its transactions.
public fun epoch_timestamp_ms(self: &TxContext): u64 { self.epoch_timestamp_ms }

/// Who pays for the transaction, if not the sender.
public fun sponsor(_self: &TxContext): Option<address> {
    let payers = native_sponsor();
    if (payers.is_empty()) option::none() else option::some(payers[0])
}

/// What a unit of gas costs at least in this epoch.
public fun reference_gas_price(_self: &TxContext): u64 { native_rgp() }

/// What the transaction pays for a unit of gas.
public fun gas_price(_self: &TxContext): u64 { native_gas_price() }

/// An address that nothing else has or will have.
public fun fresh_object_address(ctx: &mut TxContext): address {
    let drawn = ctx.ids_created;
    ctx.ids_created = drawn + 1;
    derive_id(ctx.tx_hash, drawn)
}

#[allow(unused_function)]
fun ids_created(self: &TxContext): u64 { self.ids_created }

native fun native_sponsor(): vector<address>;
native fun native_rgp(): u64;
native fun native_gas_price(): u64;
native fun derive_id(tx_hash: vector<u8>, ids_created: u64): address;

// === For tests ===

#[test_only]
/// Any context at all.
public fun new(
    sender: address,
    tx_hash: vector<u8>,
    epoch: u64,
    epoch_timestamp_ms: u64,
    ids_created: u64,
): TxContext {
    if (tx_hash.length() != TX_HASH_LENGTH) abort EBadTxHashLength;
    TxContext { sender, tx_hash, epoch, epoch_timestamp_ms, ids_created }
}

#[test_only]
/// Any context, with the terms on which the transaction pays.
public fun create(
    sender: address,
    tx_hash: vector<u8>,
    epoch: u64,
    epoch_timestamp_ms: u64,
    ids_created: u64,
    rgp: u64,
    gas_price: u64,
    gas_budget: u64,
    sponsor: Option<address>,
): TxContext {
    set_terms(rgp, gas_price, gas_budget, sponsor.to_vec());
    new(sender, tx_hash, epoch, epoch_timestamp_ms, ids_created)
}

#[test_only]
/// A context whose digest is a number, so that transactions of a test differ.
public fun new_from_hint(
    addr: address,
    hint: u64,
    epoch: u64,
    epoch_timestamp_ms: u64,
    ids_created: u64,
): TxContext {
    new(addr, dummy_tx_hash_with_hint(hint), epoch, epoch_timestamp_ms, ids_created)
}

#[test_only]
/// The digest that stands for a number.
public fun dummy_tx_hash_with_hint(hint: u64): vector<u8> {
    let mut tx_hash = std::bcs::to_bytes(&hint);
    (TX_HASH_LENGTH - tx_hash.length()).do!(|_| tx_hash.push_back(0));
    tx_hash
}

#[test_only]
/// Most gas that the transaction may use, in nanos.
public fun gas_budget(_self: &TxContext): u64 { native_gas_budget() }

#[test_only]
native fun native_gas_budget(): u64;
#[test_only]
native fun set_terms(rgp: u64, gas_price: u64, gas_budget: u64, sponsor: vector<address>);

#[test_only]
/// A context for tests to which it does not matter: sender 0x0, epoch 0.
public fun dummy(): TxContext {
    let tx_hash = x"3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532";
    new(@0x0, tx_hash, 0, 0, 0)
}

#[test_only]
public fun get_ids_created(self: &TxContext): u64 { self.ids_created() }

#[test_only]
/// The address that `self` gave out last.
public fun last_created_object_id(self: &TxContext): address {
    if (self.ids_created == 0) abort ENoIDsCreated;
    derive_id(self.tx_hash, self.ids_created - 1)
}

#[test_only]
public fun increment_epoch_number(self: &mut TxContext) { self.epoch = self.epoch + 1 }

#[test_only]
public fun increment_epoch_timestamp(self: &mut TxContext, delta_ms: u64) {
    self.epoch_timestamp_ms = self.epoch_timestamp_ms + delta_ms
}
