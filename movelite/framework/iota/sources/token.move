/// Tokens: coins in a closed circle. A `Token` cannot simply be given away. Whatever its owner
/// does with it makes an `ActionRequest`, which cannot be dropped, and which the token's policy
/// settles if it allows the action and the rules for it have approved. Those who have the
/// treasury or the policy's capability can settle it without.
module iota::token;

use iota::balance::{Self, Balance};
use iota::coin::{Coin, TreasuryCap};
use iota::dynamic_field as field;
use iota::event;
use iota::vec_map::{Self, VecMap};
use iota::vec_set::{Self, VecSet};
use std::string::String;
use std::type_name::{Self, TypeName};

/// The policy does not allow the action.
const EUnknownAction: u64 = 0;
/// A rule has not approved.
const ENotApproved: u64 = 1;
/// The capability is for another policy.
const ENotAuthorized: u64 = 2;
/// The token is worth less than that.
const EBalanceTooLow: u64 = 3;
/// What is to be destroyed is worth something.
const ENotZero: u64 = 4;
/// This way of settling has no place for what was spent.
const ECantConsumeBalance: u64 = 5;
/// The rule has no configuration of this type.
const ENoConfig: u64 = 6;
/// Nothing was spent: `confirm_request` does.
const EUseImmutableConfirm: u64 = 7;

/// A token of currency `T`. Without `store`: only this module moves it.
public struct Token<phantom T> has key {
    id: UID,
    balance: Balance<T>,
}

/// The right to change a policy.
public struct TokenPolicyCap<phantom T> has key, store {
    id: UID,
    `for`: ID,
}

/// Which actions are allowed, and which rules must approve each.
public struct TokenPolicy<phantom T> has key {
    id: UID,
    /// What was spent and not burnt yet.
    spent_balance: Balance<T>,
    rules: VecMap<String, VecSet<TypeName>>,
}

/// Something that the sender has done with a token, to be settled.
public struct ActionRequest<phantom T> {
    /// The action. Modules may have their own beside the four below.
    name: String,
    amount: u64,
    sender: address,
    /// Who got the token, if it was a transfer.
    recipient: Option<address>,
    /// What was spent, if something was.
    spent_balance: Option<Balance<T>>,
    /// The rules that have approved.
    approvals: VecSet<TypeName>,
}

/// Name of the field that has a rule's configuration.
public struct RuleKey<phantom T> has copy, drop, store { is_protected: bool }

/// There is a policy for `T`.
public struct TokenPolicyCreated<phantom T> has copy, drop {
    id: ID,
    is_mutable: bool,
}

// === Policies ===

/// A policy that allows nothing, and the right to change it.
public fun new_policy<T>(
    _treasury_cap: &TreasuryCap<T>,
    ctx: &mut TxContext,
): (TokenPolicy<T>, TokenPolicyCap<T>) {
    policy_and_cap(ctx)
}

/// Share the policy so that everyone can use it.
#[allow(lint(share_owned))]
public fun share_policy<T>(policy: TokenPolicy<T>) {
    event::emit(TokenPolicyCreated<T> { id: object::id(&policy), is_mutable: true });
    transfer::share_object(policy)
}

fun policy_and_cap<T>(ctx: &mut TxContext): (TokenPolicy<T>, TokenPolicyCap<T>) {
    let policy = TokenPolicy {
        id: object::new(ctx),
        spent_balance: balance::zero(),
        rules: vec_map::empty(),
    };
    let cap = TokenPolicyCap { id: object::new(ctx), `for`: object::id(&policy) };
    (policy, cap)
}

fun require_owner<T>(self: &TokenPolicy<T>, cap: &TokenPolicyCap<T>) {
    if (object::id(self) != cap.`for`) abort ENotAuthorized;
}

// === What owners do ===

/// Give a token to `recipient`.
public fun transfer<T>(t: Token<T>, recipient: address, ctx: &mut TxContext): ActionRequest<T> {
    let amount = t.value();
    transfer::transfer(t, recipient);
    new_request(transfer_action(), amount, option::some(recipient), option::none(), ctx)
}

/// Spend a token: what it was worth goes with the request.
public fun spend<T>(t: Token<T>, ctx: &mut TxContext): ActionRequest<T> {
    let balance = t.into_balance();
    new_request(spend_action(), balance.value(), option::none(), option::some(balance), ctx)
}

/// Turn a token into a coin.
public fun to_coin<T>(t: Token<T>, ctx: &mut TxContext): (Coin<T>, ActionRequest<T>) {
    let amount = t.value();
    let coin = t.into_balance().into_coin(ctx);
    (coin, new_request(to_coin_action(), amount, option::none(), option::none(), ctx))
}

/// Turn a coin into a token.
public fun from_coin<T>(coin: Coin<T>, ctx: &mut TxContext): (Token<T>, ActionRequest<T>) {
    let amount = coin.value();
    let token = Token { id: object::new(ctx), balance: coin.into_balance() };
    (token, new_request(from_coin_action(), amount, option::none(), option::none(), ctx))
}

// === What owners do without asking ===

/// Put `another` into `token`.
public fun join<T>(token: &mut Token<T>, another: Token<T>) {
    token.balance.join(another.into_balance());
}

/// A token worth `amount` out of `token`.
public fun split<T>(token: &mut Token<T>, amount: u64, ctx: &mut TxContext): Token<T> {
    if (amount > token.value()) abort EBalanceTooLow;
    Token { id: object::new(ctx), balance: token.balance.split(amount) }
}

/// A token worth nothing.
public fun zero<T>(ctx: &mut TxContext): Token<T> {
    Token { id: object::new(ctx), balance: balance::zero() }
}

/// Get rid of a token worth nothing.
public fun destroy_zero<T>(token: Token<T>) {
    if (token.value() != 0) abort ENotZero;
    token.into_balance().destroy_zero()
}

/// Give a token to the sender.
#[allow(lint(self_transfer))]
public fun keep<T>(token: Token<T>, ctx: &mut TxContext) {
    transfer::transfer(token, ctx.sender())
}

fun into_balance<T>(token: Token<T>): Balance<T> {
    let Token { id, balance } = token;
    id.delete();
    balance
}

// === Requests ===

/// A request of the sender's, for any action.
public fun new_request<T>(
    name: String,
    amount: u64,
    recipient: Option<address>,
    spent_balance: Option<Balance<T>>,
    ctx: &TxContext,
): ActionRequest<T> {
    ActionRequest {
        name,
        amount,
        sender: ctx.sender(),
        recipient,
        spent_balance,
        approvals: vec_set::empty(),
    }
}

/// Settle a request by the policy: the action must be allowed and all its rules must have
/// approved. Returns action, amount, sender and recipient.
public fun confirm_request<T>(
    policy: &TokenPolicy<T>,
    request: ActionRequest<T>,
    _ctx: &mut TxContext,
): (String, u64, address, Option<address>) {
    if (request.spent_balance.is_some()) abort ECantConsumeBalance;
    if (!policy.is_allowed(&request.name)) abort EUnknownAction;
    policy.rules.get(&request.name).keys().do_ref!(|rule| {
        if (!request.approvals.contains(rule)) abort ENotApproved
    });
    request.unpack_unspent()
}

/// `confirm_request` for one with which something was spent; the policy keeps it.
public fun confirm_request_mut<T>(
    policy: &mut TokenPolicy<T>,
    mut request: ActionRequest<T>,
    ctx: &mut TxContext,
): (String, u64, address, Option<address>) {
    if (!policy.is_allowed(&request.name)) abort EUnknownAction;
    if (request.spent_balance.is_none()) abort EUseImmutableConfirm;
    policy.spent_balance.join(request.spent_balance.extract());
    policy.confirm_request(request, ctx)
}

/// Settle a request because the policy's owner says so.
public fun confirm_with_policy_cap<T>(
    _policy_cap: &TokenPolicyCap<T>,
    request: ActionRequest<T>,
    _ctx: &mut TxContext,
): (String, u64, address, Option<address>) {
    if (request.spent_balance.is_some()) abort ECantConsumeBalance;
    request.unpack_unspent()
}

/// Settle a request because the currency's owner says so. What was spent is burnt.
public fun confirm_with_treasury_cap<T>(
    treasury_cap: &mut TreasuryCap<T>,
    mut request: ActionRequest<T>,
    _ctx: &mut TxContext,
): (String, u64, address, Option<address>) {
    if (request.spent_balance.is_some()) {
        treasury_cap.supply_mut().decrease_supply(request.spent_balance.extract());
    };
    request.unpack_unspent()
}

fun unpack_unspent<T>(request: ActionRequest<T>): (String, u64, address, Option<address>) {
    let ActionRequest { name, amount, sender, recipient, spent_balance, approvals: _ } = request;
    spent_balance.destroy_none();
    (name, amount, sender, recipient)
}

/// Approve a request. `W` is a type with `drop` that only the rule's module can make.
public fun add_approval<T, W: drop>(
    _t: W,
    request: &mut ActionRequest<T>,
    _ctx: &mut TxContext,
) {
    request.approvals.insert(type_name::get<W>())
}

// === Configurations of rules ===

/// Keep a rule's configuration with the policy.
public fun add_rule_config<T, Rule: drop, Config: store>(
    _rule: Rule,
    self: &mut TokenPolicy<T>,
    cap: &TokenPolicyCap<T>,
    config: Config,
    _ctx: &mut TxContext,
) {
    self.require_owner(cap);
    field::add(&mut self.id, key<Rule>(), config)
}

/// A rule's configuration.
public fun rule_config<T, Rule: drop, Config: store>(_rule: Rule, self: &TokenPolicy<T>): &Config {
    self.require_config<T, Rule, Config>();
    field::borrow(&self.id, key<Rule>())
}

/// A rule's configuration, to be changed in place.
public fun rule_config_mut<T, Rule: drop, Config: store>(
    _rule: Rule,
    self: &mut TokenPolicy<T>,
    cap: &TokenPolicyCap<T>,
): &mut Config {
    self.require_config<T, Rule, Config>();
    self.require_owner(cap);
    field::borrow_mut(&mut self.id, key<Rule>())
}

/// Take a rule's configuration out.
public fun remove_rule_config<T, Rule, Config: store>(
    self: &mut TokenPolicy<T>,
    cap: &TokenPolicyCap<T>,
    _ctx: &mut TxContext,
): Config {
    self.require_config<T, Rule, Config>();
    self.require_owner(cap);
    field::remove(&mut self.id, key<Rule>())
}

/// Does the rule have a configuration?
public fun has_rule_config<T, Rule>(self: &TokenPolicy<T>): bool {
    field::exists_(&self.id, key<Rule>())
}

/// Does the rule have a configuration of this type?
public fun has_rule_config_with_type<T, Rule, Config: store>(self: &TokenPolicy<T>): bool {
    field::exists_with_type<RuleKey<Rule>, Config>(&self.id, key<Rule>())
}

fun require_config<T, Rule, Config: store>(self: &TokenPolicy<T>) {
    if (!self.has_rule_config_with_type<T, Rule, Config>()) abort ENoConfig;
}

fun key<Rule>(): RuleKey<Rule> { RuleKey { is_protected: true } }

// === Changing a policy ===

/// Allow an action to everyone.
public fun allow<T>(
    self: &mut TokenPolicy<T>,
    cap: &TokenPolicyCap<T>,
    action: String,
    _ctx: &mut TxContext,
) {
    self.require_owner(cap);
    self.rules.insert(action, vec_set::empty())
}

/// Allow an action no longer; its rules are forgotten.
public fun disallow<T>(
    self: &mut TokenPolicy<T>,
    cap: &TokenPolicyCap<T>,
    action: String,
    _ctx: &mut TxContext,
) {
    self.require_owner(cap);
    self.rules.remove(&action);
}

/// Allow an action only if `Rule` approves.
public fun add_rule_for_action<T, Rule: drop>(
    self: &mut TokenPolicy<T>,
    cap: &TokenPolicyCap<T>,
    action: String,
    ctx: &mut TxContext,
) {
    self.require_owner(cap);
    if (!self.is_allowed(&action)) self.allow(cap, action, ctx);
    self.rules.get_mut(&action).insert(type_name::get<Rule>())
}

/// No longer ask `Rule` about an action, which stays allowed.
public fun remove_rule_for_action<T, Rule: drop>(
    self: &mut TokenPolicy<T>,
    cap: &TokenPolicyCap<T>,
    action: String,
    _ctx: &mut TxContext,
) {
    self.require_owner(cap);
    self.rules.get_mut(&action).remove(&type_name::get<Rule>())
}

// === For the currency's owner ===

/// A new token worth `amount`.
public fun mint<T>(cap: &mut TreasuryCap<T>, amount: u64, ctx: &mut TxContext): Token<T> {
    let balance = cap.mint_balance(amount);
    Token { id: object::new(ctx), balance }
}

/// Destroy a token.
public fun burn<T>(cap: &mut TreasuryCap<T>, token: Token<T>) {
    cap.supply_mut().decrease_supply(token.into_balance());
}

/// Burn what was spent; returns how much it was.
public fun flush<T>(
    self: &mut TokenPolicy<T>,
    cap: &mut TreasuryCap<T>,
    _ctx: &mut TxContext,
): u64 {
    cap.supply_mut().decrease_supply(self.spent_balance.withdraw_all())
}

// === Asking ===

/// Does the policy allow the action, with rules or without?
public fun is_allowed<T>(self: &TokenPolicy<T>, action: &String): bool {
    self.rules.contains(action)
}

/// The rules for an action that is allowed.
public fun rules<T>(self: &TokenPolicy<T>, action: &String): VecSet<TypeName> {
    *self.rules.get(action)
}

/// How much was spent and not burnt yet.
public fun spent_balance<T>(self: &TokenPolicy<T>): u64 { self.spent_balance.value() }

/// What the token is worth.
public fun value<T>(t: &Token<T>): u64 { t.balance.value() }

public fun transfer_action(): String { b"transfer".to_string() }

public fun spend_action(): String { b"spend".to_string() }

public fun to_coin_action(): String { b"to_coin".to_string() }

public fun from_coin_action(): String { b"from_coin".to_string() }

public fun action<T>(self: &ActionRequest<T>): String { self.name }

public fun amount<T>(self: &ActionRequest<T>): u64 { self.amount }

public fun sender<T>(self: &ActionRequest<T>): address { self.sender }

public fun recipient<T>(self: &ActionRequest<T>): Option<address> { self.recipient }

public fun approvals<T>(self: &ActionRequest<T>): VecSet<TypeName> { self.approvals }

/// How much was spent, if something was.
public fun spent<T>(self: &ActionRequest<T>): Option<u64> {
    self.spent_balance.map_ref!(|balance| balance.value())
}

// === For tests ===

#[test_only]
/// `new_policy` without a treasury.
public fun new_policy_for_testing<T>(ctx: &mut TxContext): (TokenPolicy<T>, TokenPolicyCap<T>) {
    policy_and_cap(ctx)
}

#[test_only]
public fun burn_policy_for_testing<T>(policy: TokenPolicy<T>, cap: TokenPolicyCap<T>) {
    let TokenPolicyCap { id: cap_id, `for`: _ } = cap;
    let TokenPolicy { id, spent_balance, rules: _ } = policy;
    spent_balance.destroy_for_testing();
    cap_id.delete();
    id.delete()
}

#[test_only]
/// A token out of nothing.
public fun mint_for_testing<T>(amount: u64, ctx: &mut TxContext): Token<T> {
    Token { id: object::new(ctx), balance: balance::create_for_testing(amount) }
}

#[test_only]
/// Lose a token.
public fun burn_for_testing<T>(token: Token<T>) { token.into_balance().destroy_for_testing(); }
