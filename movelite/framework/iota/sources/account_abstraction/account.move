/// Accounts that are objects: a function of a package, and not a signature, says who may act for
/// them. Only the module that declares a type may make accounts of it or change their functions.
module iota::account;

use iota::authenticator_function::AuthenticatorFunctionRefV1;
use iota::dynamic_field as field;
use iota::event;

#[error(code = 0)]
const EAuthenticatorFunctionRefV1AlreadyAttached: vector<u8> =
    b"The account has an authenticator function already.";
#[error(code = 1)]
const EAuthenticatorFunctionRefV1NotAttached: vector<u8> =
    b"The account has no authenticator function.";

/// There is a new account that nobody can change.
#[allow(unused_field)]
public struct ImmutableAccountCreated<phantom Account: key> has copy, drop {
    account_id: ID,
    authenticator: AuthenticatorFunctionRefV1<Account>,
}

/// There is a new shared account.
#[allow(unused_field)]
public struct MutableAccountCreated<phantom Account: key> has copy, drop {
    account_id: ID,
    authenticator: AuthenticatorFunctionRefV1<Account>,
}

/// Another function decides for an account now.
#[allow(unused_field)]
public struct AuthenticatorFunctionRefV1Rotated<phantom Account: key> has copy, drop {
    account_id: ID,
    from: AuthenticatorFunctionRefV1<Account>,
    to: AuthenticatorFunctionRefV1<Account>,
}

/// Name of the dynamic field that holds an account's function.
public struct AuthenticatorFunctionRefV1Key has copy, drop, store {}

/// Share an object as an account for which `authenticator` decides.
public fun create_account_v1<Account: key>(
    mut account: Account,
    authenticator: AuthenticatorFunctionRefV1<Account>,
) {
    let account_id = attach(&mut account, authenticator);
    create_account_v1_impl(account);
    event::emit(MutableAccountCreated { account_id, authenticator })
}

/// Freeze an object as an account for which `authenticator` decides for ever.
public fun create_immutable_account_v1<Account: key>(
    mut account: Account,
    authenticator: AuthenticatorFunctionRefV1<Account>,
) {
    let account_id = attach(&mut account, authenticator);
    create_immutable_account_v1_impl(account);
    event::emit(ImmutableAccountCreated { account_id, authenticator })
}

/// Let another function decide for an account; returns the one that did.
public fun rotate_auth_function_ref_v1<Account: key>(
    account: &mut Account,
    authenticator: AuthenticatorFunctionRefV1<Account>,
): AuthenticatorFunctionRefV1<Account> {
    let id = borrow_account_uid_mut(account);
    assert!(has_auth_function_ref_v1(id), EAuthenticatorFunctionRefV1NotAttached);
    let from = field::remove(id, AuthenticatorFunctionRefV1Key {});
    field::add(id, AuthenticatorFunctionRefV1Key {}, authenticator);
    event::emit(AuthenticatorFunctionRefV1Rotated {
        account_id: id.to_inner(),
        from,
        to: authenticator,
    });
    from
}

/// The function that decides for the account with this id.
public fun borrow_auth_function_ref_v1<Account: key>(
    account_id: &UID,
): &AuthenticatorFunctionRefV1<Account> {
    assert!(has_auth_function_ref_v1(account_id), EAuthenticatorFunctionRefV1NotAttached);
    field::borrow(account_id, AuthenticatorFunctionRefV1Key {})
}

/// Does a function decide for the object with this id?
public fun has_auth_function_ref_v1(account_id: &UID): bool {
    field::exists_(account_id, AuthenticatorFunctionRefV1Key {})
}

fun attach<Account: key>(
    account: &mut Account,
    authenticator: AuthenticatorFunctionRefV1<Account>,
): ID {
    let id = borrow_account_uid_mut(account);
    assert!(!has_auth_function_ref_v1(id), EAuthenticatorFunctionRefV1AlreadyAttached);
    field::add(id, AuthenticatorFunctionRefV1Key {}, authenticator);
    id.to_inner()
}

native fun borrow_account_uid_mut<Account: key>(account: &mut Account): &mut UID;
native fun create_account_v1_impl<Account: key>(account: Account);
native fun create_immutable_account_v1_impl<Account: key>(account: Account);
