/// Publishing: proof of who published a type, and the right to upgrade a package.
module iota::package;

use iota::types;
use std::ascii::String;
use std::type_name;

public use fun burn_publisher as Publisher.burn;
public use fun published_module as Publisher.module_;
public use fun published_package as Publisher.package;
public use fun upgrade_package as UpgradeCap.package;
public use fun upgrade_policy as UpgradeCap.policy;
public use fun authorize_upgrade as UpgradeCap.authorize;
public use fun commit_upgrade as UpgradeCap.commit;
public use fun ticket_package as UpgradeTicket.package;
public use fun ticket_policy as UpgradeTicket.policy;
public use fun ticket_digest as UpgradeTicket.digest;
public use fun receipt_cap as UpgradeReceipt.cap;
public use fun receipt_package as UpgradeReceipt.package;

/// The witness is not a one-time witness.
const ENotOneTimeWitness: u64 = 0;
/// The policy allows more than the capability does.
const ETooPermissive: u64 = 1;
/// An upgrade is under way already.
const EAlreadyAuthorized: u64 = 2;
/// No upgrade is under way.
const ENotAuthorized: u64 = 3;
/// The receipt is for another capability.
const EWrongUpgradeCap: u64 = 4;

// What an upgrade may change; the higher, the less.
/// Function bodies, and anything added, so long as old callers and values still fit.
const COMPATIBLE: u8 = 0;
/// Only additions.
const ADDITIVE: u8 = 128;
/// Only what the package depends on.
const DEP_ONLY: u8 = 192;

/// Proof of having published a module. Whoever keeps it stands for the publisher.
public struct Publisher has key, store {
    id: UID,
    package: String,
    module_name: String,
}

/// The right to upgrade a package.
public struct UpgradeCap has key, store {
    id: UID,
    /// The package as it is now; 0x0 while an upgrade is under way.
    package: ID,
    /// How many upgrades there were, plus one.
    version: u64,
    /// What upgrades may change.
    policy: u8,
}

/// Leave to publish, in this transaction, exactly one upgrade: the one with this digest.
public struct UpgradeTicket {
    cap: ID,
    package: ID,
    policy: u8,
    digest: vector<u8>,
}

/// Proof that the upgrade is published; it must go back to the capability in this transaction.
public struct UpgradeReceipt {
    cap: ID,
    package: ID,
}

// === Publisher ===

/// Turn a module's one-time witness into proof of having published it.
public fun claim<OTW: drop>(otw: OTW, ctx: &mut TxContext): Publisher {
    if (!types::is_one_time_witness(&otw)) abort ENotOneTimeWitness;
    publisher_of<OTW>(ctx)
}

/// `claim`, and give it to the sender.
#[allow(lint(self_transfer))]
public fun claim_and_keep<OTW: drop>(otw: OTW, ctx: &mut TxContext) {
    transfer::public_transfer(claim(otw, ctx), ctx.sender())
}

/// Give the proof up.
public fun burn_publisher(self: Publisher) {
    let Publisher { id, package: _, module_name: _ } = self;
    id.delete()
}

/// Is `T` a type of the publisher's package?
public fun from_package<T>(self: &Publisher): bool {
    type_name::get_with_original_ids<T>().get_address() == self.package
}

/// Is `T` a type of the publisher's module?
public fun from_module<T>(self: &Publisher): bool {
    let name = type_name::get_with_original_ids<T>();
    name.get_address() == self.package && name.get_module() == self.module_name
}

/// The module's name.
public fun published_module(self: &Publisher): &String { &self.module_name }

/// The digits of the package's address.
public fun published_package(self: &Publisher): &String { &self.package }

fun publisher_of<T>(ctx: &mut TxContext): Publisher {
    let name = type_name::get_with_original_ids<T>();
    Publisher {
        id: object::new(ctx),
        package: name.get_address(),
        module_name: name.get_module(),
    }
}

// === Upgrades ===
// The publisher draws a ticket from the capability, spends it in the command that upgrades, and
// brings the receipt back: three commands of one transaction.

/// The package as it is now; 0x0 while an upgrade is under way.
public fun upgrade_package(cap: &UpgradeCap): ID { cap.package }

/// How many upgrades there were, plus one.
public fun version(cap: &UpgradeCap): u64 { cap.version }

/// What upgrades may change.
public fun upgrade_policy(cap: &UpgradeCap): u8 { cap.policy }

/// The package to be upgraded.
public fun ticket_package(ticket: &UpgradeTicket): ID { ticket.package }

/// What this upgrade may change.
public fun ticket_policy(ticket: &UpgradeTicket): u8 { ticket.policy }

/// The capability that the ticket came from.
public fun receipt_cap(receipt: &UpgradeReceipt): ID { receipt.cap }

/// The upgraded package.
public fun receipt_package(receipt: &UpgradeReceipt): ID { receipt.package }

/// The digest of the only modules and dependencies for which the ticket is good.
public fun ticket_digest(ticket: &UpgradeTicket): &vector<u8> { &ticket.digest }

/// The policy that allows most.
public fun compatible_policy(): u8 { COMPATIBLE }

/// The policy that allows additions.
public fun additive_policy(): u8 { ADDITIVE }

/// The policy that allows other dependencies.
public fun dep_only_policy(): u8 { DEP_ONLY }

/// Allow no more than additions from now on.
public entry fun only_additive_upgrades(cap: &mut UpgradeCap) { cap.restrict(ADDITIVE) }

/// Allow no more than other dependencies from now on.
public entry fun only_dep_upgrades(cap: &mut UpgradeCap) { cap.restrict(DEP_ONLY) }

/// Give up the right: the package stays as it is.
public entry fun make_immutable(cap: UpgradeCap) {
    let UpgradeCap { id, package: _, version: _, policy: _ } = cap;
    id.delete()
}

/// Draw a ticket for the upgrade with this digest.
public fun authorize_upgrade(
    cap: &mut UpgradeCap,
    policy: u8,
    digest: vector<u8>,
): UpgradeTicket {
    let package = cap.package;
    if (package.to_address() == @0x0) abort EAlreadyAuthorized;
    if (policy < cap.policy) abort ETooPermissive;
    cap.package = @0x0.to_id();
    UpgradeTicket { cap: object::id(cap), package, policy, digest }
}

/// Bring the receipt of the upgrade back.
public fun commit_upgrade(cap: &mut UpgradeCap, receipt: UpgradeReceipt) {
    let UpgradeReceipt { cap: drawn_from, package } = receipt;
    if (object::id(cap) != drawn_from) abort EWrongUpgradeCap;
    if (cap.package.to_address() != @0x0) abort ENotAuthorized;
    cap.package = package;
    cap.version = cap.version + 1
}

fun restrict(cap: &mut UpgradeCap, policy: u8) {
    if (policy < cap.policy) abort ETooPermissive;
    cap.policy = policy
}

// === For tests ===

#[test_only]
/// `claim` of any type.
public fun test_claim<OTW: drop>(_: OTW, ctx: &mut TxContext): Publisher {
    publisher_of<OTW>(ctx)
}

#[test_only]
/// The capability that publishing `package` would give.
public fun test_publish(package: ID, ctx: &mut TxContext): UpgradeCap {
    UpgradeCap { id: object::new(ctx), package, version: 1, policy: COMPATIBLE }
}

#[test_only]
/// Spend a ticket as the command that upgrades would; the new package's ID is made up.
public fun test_upgrade(ticket: UpgradeTicket): UpgradeReceipt {
    let UpgradeTicket { cap, package, policy: _, digest: _ } = ticket;
    let mut preimage = cap.to_bytes();
    preimage.append(package.to_bytes());
    UpgradeReceipt { cap, package: object::id_from_bytes(iota::hash::blake2b256(&preimage)) }
}
