/// Rules for sales of a type, made by its publisher. A sale makes a `TransferRequest`, which
/// cannot be dropped; each rule, a module of its own, signs it when its terms are met; and the
/// policy settles it once all have signed. Without a policy for a type nothing of it can be sold
/// through a `kiosk`.
module iota::transfer_policy;

use iota::balance::{Self, Balance};
use iota::coin::{Self, Coin};
use iota::dynamic_field as field;
use iota::event;
use iota::iota::IOTA;
use iota::package::Publisher;
use iota::vec_set::{Self, VecSet};
use std::type_name::{Self, TypeName};

/// Not as many rules signed as there are.
const EPolicyNotSatisfied: u64 = 0;
/// A rule signed that the policy does not have.
const EIllegalRule: u64 = 1;
/// The policy does not have this rule.
const EUnknownRequirement: u64 = 2;
/// The policy has this rule already.
const ERuleAlreadySet: u64 = 3;
/// The capability is for another policy.
const ENotOwner: u64 = 4;
/// There is less than is to be withdrawn.
const ENotEnough: u64 = 5;
/// The publisher published another package.
const ENotPublisher: u64 = 0;

/// A sale to be settled.
public struct TransferRequest<phantom T> {
    item: ID,
    /// What was paid for it, in nanos.
    paid: u64,
    /// Where it was, mostly a kiosk.
    from: ID,
    /// The rules that have signed.
    receipts: VecSet<TypeName>,
}

public struct TransferPolicy<phantom T> has key, store {
    id: UID,
    /// What rules have collected.
    balance: Balance<IOTA>,
    rules: VecSet<TypeName>,
}

/// The right to change a policy and to take what its rules have collected.
public struct TransferPolicyCap<phantom T> has key, store {
    id: UID,
    policy_id: ID,
}

public struct TransferPolicyCreated<phantom T> has copy, drop { id: ID }

public struct TransferPolicyDestroyed<phantom T> has copy, drop { id: ID }

/// Name of the field that has a rule's configuration.
public struct RuleKey<phantom T: drop> has copy, drop, store {}

// === Sales ===

/// A sale of `item` for `paid`. Anyone may make one; it is worth nothing without an item.
public fun new_request<T>(item: ID, paid: u64, from: ID): TransferRequest<T> {
    TransferRequest { item, paid, from, receipts: vec_set::empty() }
}

/// Settle a sale that every rule has signed; returns what it was about.
public fun confirm_request<T>(
    self: &TransferPolicy<T>,
    request: TransferRequest<T>,
): (ID, u64, ID) {
    let TransferRequest { item, paid, from, receipts } = request;
    if (receipts.size() != self.rules.size()) abort EPolicyNotSatisfied;
    receipts.into_keys().destroy!(|rule| if (!self.rules.contains(&rule)) abort EIllegalRule);
    (item, paid, from)
}

/// What is sold.
public fun item<T>(self: &TransferRequest<T>): ID { self.item }

/// What was paid for it.
public fun paid<T>(self: &TransferRequest<T>): u64 { self.paid }

/// Where it was.
public fun from<T>(self: &TransferRequest<T>): ID { self.from }

// === Policies ===

/// A policy without rules for a type of the publisher's package, and the right to change it.
public fun new<T>(
    pub: &Publisher,
    ctx: &mut TxContext,
): (TransferPolicy<T>, TransferPolicyCap<T>) {
    if (!pub.from_package<T>()) abort ENotPublisher;
    let (policy, cap) = policy_and_cap(ctx);
    event::emit(TransferPolicyCreated<T> { id: cap.policy_id });
    (policy, cap)
}

/// `new`, share the policy and give the right to the sender.
#[allow(lint(self_transfer, share_owned))]
entry fun default<T>(pub: &Publisher, ctx: &mut TxContext) {
    let (policy, cap) = new<T>(pub, ctx);
    transfer::share_object(policy);
    transfer::transfer(cap, ctx.sender())
}

/// Take `amount` of what rules have collected, or all of it.
public fun withdraw<T>(
    self: &mut TransferPolicy<T>,
    cap: &TransferPolicyCap<T>,
    amount: Option<u64>,
    ctx: &mut TxContext,
): Coin<IOTA> {
    self.require_owner(cap);
    let collected = self.balance.value();
    let amount = amount.destroy_or!(collected);
    if (amount > collected) abort ENotEnough;
    coin::take(&mut self.balance, amount, ctx)
}

/// End a policy; returns what its rules have collected.
public fun destroy_and_withdraw<T>(
    self: TransferPolicy<T>,
    cap: TransferPolicyCap<T>,
    ctx: &mut TxContext,
): Coin<IOTA> {
    self.require_owner(&cap);
    let TransferPolicyCap { id: cap_id, policy_id } = cap;
    let TransferPolicy { id, balance, rules: _ } = self;
    id.delete();
    cap_id.delete();
    event::emit(TransferPolicyDestroyed<T> { id: policy_id });
    balance.into_coin(ctx)
}

/// The policy's identity.
public fun uid<T>(self: &TransferPolicy<T>): &UID { &self.id }

/// The policy's identity, to be changed: for dynamic fields of the owner's own.
public fun uid_mut_as_owner<T>(
    self: &mut TransferPolicy<T>,
    cap: &TransferPolicyCap<T>,
): &mut UID {
    self.require_owner(cap);
    &mut self.id
}

/// The policy's rules.
public fun rules<T>(self: &TransferPolicy<T>): &VecSet<TypeName> { &self.rules }

fun policy_and_cap<T>(ctx: &mut TxContext): (TransferPolicy<T>, TransferPolicyCap<T>) {
    let policy = TransferPolicy {
        id: object::new(ctx),
        balance: balance::zero(),
        rules: vec_set::empty(),
    };
    let cap = TransferPolicyCap { id: object::new(ctx), policy_id: object::id(&policy) };
    (policy, cap)
}

fun require_owner<T>(self: &TransferPolicy<T>, cap: &TransferPolicyCap<T>) {
    if (object::id(self) != cap.policy_id) abort ENotOwner;
}

// === Rules ===
// A rule is known by a type with `drop` that only its module can make, and shows a value of it
// to prove who it is.

/// Give the policy a rule, which keeps its configuration there.
public fun add_rule<T, Rule: drop, Config: store + drop>(
    _: Rule,
    policy: &mut TransferPolicy<T>,
    cap: &TransferPolicyCap<T>,
    cfg: Config,
) {
    policy.require_owner(cap);
    if (policy.has_rule<T, Rule>()) abort ERuleAlreadySet;
    field::add(&mut policy.id, RuleKey<Rule> {}, cfg);
    policy.rules.insert(type_name::get<Rule>())
}

/// The configuration of a rule.
public fun get_rule<T, Rule: drop, Config: store + drop>(
    _: Rule,
    policy: &TransferPolicy<T>,
): &Config {
    field::borrow(&policy.id, RuleKey<Rule> {})
}

/// Collect a coin for the policy's owner.
public fun add_to_balance<T, Rule: drop>(
    _: Rule,
    policy: &mut TransferPolicy<T>,
    coin: Coin<IOTA>,
) {
    if (!policy.has_rule<T, Rule>()) abort EUnknownRequirement;
    coin::put(&mut policy.balance, coin)
}

/// Sign a sale.
public fun add_receipt<T, Rule: drop>(_: Rule, request: &mut TransferRequest<T>) {
    request.receipts.insert(type_name::get<Rule>())
}

/// Does the policy have this rule?
public fun has_rule<T, Rule: drop>(policy: &TransferPolicy<T>): bool {
    field::exists_(&policy.id, RuleKey<Rule> {})
}

/// Take a rule away.
public fun remove_rule<T, Rule: drop, Config: store + drop>(
    policy: &mut TransferPolicy<T>,
    cap: &TransferPolicyCap<T>,
) {
    policy.require_owner(cap);
    let _: Config = field::remove(&mut policy.id, RuleKey<Rule> {});
    policy.rules.remove(&type_name::get<Rule>())
}

#[test_only]
/// `new` without a publisher.
public fun new_for_testing<T>(ctx: &mut TxContext): (TransferPolicy<T>, TransferPolicyCap<T>) {
    policy_and_cap(ctx)
}
