/// Keys with which identity providers sign: what zkLogin checks signatures against, in the shared
/// object at 0x7. The system alone reads and changes it.
module iota::authenticator_state;

use iota::dynamic_field as field;
use std::string::String;

/// Only the system itself, as sender 0x0, may do this.
const ENotSystemAddress: u64 = 0;
/// The state has a version that this package does not know.
const EWrongInnerVersion: u64 = 1;
/// The keys are not in order.
const EJwksNotSorted: u64 = 2;

/// The version of `AuthenticatorStateInner`.
const CurrentVersion: u64 = 1;

public struct AuthenticatorState has key {
    id: UID,
    version: u64,
}

public struct AuthenticatorStateInner has store {
    version: u64,
    /// In order, and no two with the same id.
    active_jwks: vector<ActiveJwk>,
}

/// A key as RFC 7517 has it, for RSA.
#[allow(unused_field)]
public struct JWK has copy, drop, store {
    kty: String,
    e: String,
    n: String,
    alg: String,
}

/// Which key of which provider.
#[allow(unused_field)]
public struct JwkId has copy, drop, store {
    iss: String,
    kid: String,
}

#[allow(unused_field)]
public struct ActiveJwk has copy, drop, store {
    jwk_id: JwkId,
    jwk: JWK,
    /// The last epoch in which validators saw it.
    epoch: u64,
}

// === Order ===

/// The same key under the same id, whenever it was seen.
fun active_jwk_equal(a: &ActiveJwk, b: &ActiveJwk): bool {
    jwk_equal(&a.jwk, &b.jwk) && jwk_id_equal(&a.jwk_id, &b.jwk_id)
}

fun jwk_equal(a: &JWK, b: &JWK): bool { a == b }

fun jwk_id_equal(a: &JwkId, b: &JwkId): bool { a == b }

/// The shorter text first; of equally long ones the one with the lower first differing byte.
fun string_bytes_lt(a: &String, b: &String): bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if (a.length() != b.length()) return a.length() < b.length();
    let differing = a.length().find_first!(|i| a[i] != b[i]);
    differing.is_some_and!(|i| a[*i] < b[*i])
}

/// The first number below `$stop` for which `$f` holds.
macro fun find_first($stop: u64, $f: |u64| -> bool): Option<u64> {
    let stop = $stop;
    'find_first: {
        stop.do!(|i| if ($f(i)) return 'find_first option::some(i));
        option::none()
    }
}

use fun find_first as u64.find_first;

/// By provider, key id, and then the key itself.
fun jwk_lt(a: &ActiveJwk, b: &ActiveJwk): bool {
    if (a.jwk_id.iss != b.jwk_id.iss) string_bytes_lt(&a.jwk_id.iss, &b.jwk_id.iss)
    else if (a.jwk_id.kid != b.jwk_id.kid) string_bytes_lt(&a.jwk_id.kid, &b.jwk_id.kid)
    else if (a.jwk.kty != b.jwk.kty) string_bytes_lt(&a.jwk.kty, &b.jwk.kty)
    else if (a.jwk.e != b.jwk.e) string_bytes_lt(&a.jwk.e, &b.jwk.e)
    else if (a.jwk.n != b.jwk.n) string_bytes_lt(&a.jwk.n, &b.jwk.n)
    else string_bytes_lt(&a.jwk.alg, &b.jwk.alg)
}

fun check_sorted(jwks: &vector<ActiveJwk>) {
    (jwks.length() - 1).do!(|i| if (!jwk_lt(&jwks[i], &jwks[i + 1])) abort EJwksNotSorted)
}

/// Only the first of keys with the same id.
fun deduplicate(jwks: vector<ActiveJwk>): vector<ActiveJwk> {
    let mut kept: vector<ActiveJwk> = vector[];
    jwks.do!(|jwk| {
        let last = kept.length();
        if (last == 0 || !jwk_id_equal(&kept[last - 1].jwk_id, &jwk.jwk_id)) kept.push_back(jwk);
    });
    kept
}

// === State ===

/// Make the object; genesis or the end of an epoch calls it.
#[allow(unused_function)]
fun create(ctx: &TxContext) {
    require_system(ctx);
    let mut id = object::authenticator_state();
    let inner = AuthenticatorStateInner { version: CurrentVersion, active_jwks: vector[] };
    field::add(&mut id, CurrentVersion, inner);
    transfer::share_object(AuthenticatorState { id, version: CurrentVersion })
}

fun load_inner_mut(self: &mut AuthenticatorState): &mut AuthenticatorStateInner {
    if (self.version != CurrentVersion) abort EWrongInnerVersion;
    let inner: &mut AuthenticatorStateInner = field::borrow_mut(&mut self.id, self.version);
    if (inner.version != CurrentVersion) abort EWrongInnerVersion;
    inner
}

fun load_inner(self: &AuthenticatorState): &AuthenticatorStateInner {
    if (self.version != CurrentVersion) abort EWrongInnerVersion;
    let inner: &AuthenticatorStateInner = field::borrow(&self.id, self.version);
    if (inner.version != CurrentVersion) abort EWrongInnerVersion;
    inner
}

/// Bring in keys that validators saw. A known key gets the newer of both epochs. A known id never
/// gets another key: a provider that reuses one is not believed.
#[allow(unused_function)]
fun update_authenticator_state(
    self: &mut AuthenticatorState,
    new_active_jwks: vector<ActiveJwk>,
    ctx: &TxContext,
) {
    require_system(ctx);
    check_sorted(&new_active_jwks);
    let seen = deduplicate(new_active_jwks);
    let inner = self.load_inner_mut();
    let known = inner.active_jwks;
    let mut merged = vector[];
    let (mut i, mut j) = (0, 0);
    while (i < known.length() && j < seen.length()) {
        let (mut old, new) = (known[i], seen[j]);
        if (jwk_id_equal(&old.jwk_id, &new.jwk_id)) {
            if (active_jwk_equal(&old, &new)) old.epoch = old.epoch.max(new.epoch);
            merged.push_back(old);
            i = i + 1;
            j = j + 1;
        } else if (jwk_lt(&old, &new)) {
            merged.push_back(old);
            i = i + 1;
        } else {
            merged.push_back(new);
            j = j + 1;
        }
    };
    i.range_do!(known.length(), |k| merged.push_back(known[k]));
    j.range_do!(seen.length(), |k| merged.push_back(seen[k]));
    inner.active_jwks = merged
}

/// Forget keys not seen since `min_epoch`, but not those of a provider of which none was seen
/// since: it may be out of reach.
#[allow(unused_function)]
fun expire_jwks(self: &mut AuthenticatorState, min_epoch: u64, ctx: &TxContext) {
    require_system(ctx);
    let inner = self.load_inner_mut();
    let known = inner.active_jwks;
    let mut kept = vector[];
    let mut start = 0;
    while (start < known.length()) {
        // Keys of one provider stand together.
        let mut end = start;
        let mut provider_seen = false;
        while (end < known.length() && known[end].jwk_id.iss == known[start].jwk_id.iss) {
            if (known[end].epoch >= min_epoch) provider_seen = true;
            end = end + 1;
        };
        start.range_do!(end, |i| {
            if (!provider_seen || known[i].epoch >= min_epoch) kept.push_back(known[i])
        });
        start = end;
    };
    inner.active_jwks = kept
}

/// The keys; the system reads them when an epoch begins.
#[allow(unused_function)]
fun get_active_jwks(self: &AuthenticatorState, ctx: &TxContext): vector<ActiveJwk> {
    require_system(ctx);
    self.load_inner().active_jwks
}

#[allow(unused_function)]
fun require_system(ctx: &TxContext) {
    if (ctx.sender() != @0x0) abort ENotSystemAddress;
}

// === For tests ===

#[test_only]
public fun create_active_jwk(iss: String, kid: String, kty: String, epoch: u64): ActiveJwk {
    let jwk = JWK {
        kty,
        e: b"AQAB".to_string(),
        n: b"test".to_string(),
        alg: b"RS256".to_string(),
    };
    ActiveJwk { jwk_id: JwkId { iss, kid }, jwk, epoch }
}

#[test_only]
public fun create_for_testing(ctx: &TxContext) { create(ctx) }

#[test_only]
public fun update_authenticator_state_for_testing(
    self: &mut AuthenticatorState,
    new_active_jwks: vector<ActiveJwk>,
    ctx: &TxContext,
) {
    self.update_authenticator_state(new_active_jwks, ctx)
}

#[test_only]
public fun expire_jwks_for_testing(
    self: &mut AuthenticatorState,
    min_epoch: u64,
    ctx: &TxContext,
) {
    self.expire_jwks(min_epoch, ctx)
}

#[test_only]
public fun get_active_jwks_for_testing(
    self: &AuthenticatorState,
    ctx: &TxContext,
): vector<ActiveJwk> {
    self.get_active_jwks(ctx)
}
