/// Let another module put items into a kiosk and keep things there. The owner installs it, and
/// may disable it; what it kept stays reachable to it all the same.
module iota::kiosk_extension;

use iota::bag::{Self, Bag};
use iota::dynamic_field as field;
use iota::kiosk::{Kiosk, KioskOwnerCap};
use iota::transfer_policy::TransferPolicy;

/// The capability is for another kiosk.
const ENotOwner: u64 = 0;
/// The owner did not permit that.
const EExtensionNotAllowed: u64 = 2;
/// The owner did not install it.
const EExtensionNotInstalled: u64 = 3;

/// May put items in.
const PLACE: u128 = 1;
/// May put items in for good; that includes `PLACE`.
const LOCK: u128 = 2;

/// What a kiosk keeps about an extension.
public struct Extension has store {
    storage: Bag,
    /// The sum of the rights above.
    permissions: u128,
    is_enabled: bool,
}

/// Name of the field that has it. `Ext` is a type that only the extension's module can make.
public struct ExtensionKey<phantom Ext> has copy, drop, store {}

// === For the owner ===

/// Install an extension with these rights.
public fun add<Ext: drop>(
    _ext: Ext,
    self: &mut Kiosk,
    cap: &KioskOwnerCap,
    permissions: u128,
    ctx: &mut TxContext,
) {
    require_owner(self, cap);
    let extension = Extension { storage: bag::new(ctx), permissions, is_enabled: true };
    field::add(self.uid_mut_as_owner(cap), ExtensionKey<Ext> {}, extension)
}

/// Suspend its rights.
public fun disable<Ext: drop>(self: &mut Kiosk, cap: &KioskOwnerCap) {
    require_owner(self, cap);
    if (!is_installed<Ext>(self)) abort EExtensionNotInstalled;
    extension_mut<Ext>(self).is_enabled = false
}

/// Restore its rights.
public fun enable<Ext: drop>(self: &mut Kiosk, cap: &KioskOwnerCap) {
    require_owner(self, cap);
    if (!is_installed<Ext>(self)) abort EExtensionNotInstalled;
    extension_mut<Ext>(self).is_enabled = true
}

/// Remove it; nothing may be left in its storage.
public fun remove<Ext: drop>(self: &mut Kiosk, cap: &KioskOwnerCap) {
    require_owner(self, cap);
    if (!is_installed<Ext>(self)) abort EExtensionNotInstalled;
    let Extension { storage, permissions: _, is_enabled: _ } = field::remove(
        self.uid_mut_as_owner(cap),
        ExtensionKey<Ext> {},
    );
    storage.destroy_empty()
}

// === For the extension ===

/// Its storage.
public fun storage<Ext: drop>(_ext: Ext, self: &Kiosk): &Bag {
    if (!is_installed<Ext>(self)) abort EExtensionNotInstalled;
    &extension<Ext>(self).storage
}

/// Its storage, to be changed.
public fun storage_mut<Ext: drop>(_ext: Ext, self: &mut Kiosk): &mut Bag {
    if (!is_installed<Ext>(self)) abort EExtensionNotInstalled;
    &mut extension_mut<Ext>(self).storage
}

/// Put an item in.
public fun place<Ext: drop, T: key + store>(
    _ext: Ext,
    self: &mut Kiosk,
    item: T,
    _policy: &TransferPolicy<T>,
) {
    if (!is_installed<Ext>(self)) abort EExtensionNotInstalled;
    if (!can_place<Ext>(self) && !can_lock<Ext>(self)) abort EExtensionNotAllowed;
    self.place_internal(item)
}

/// Put an item in for good.
public fun lock<Ext: drop, T: key + store>(
    _ext: Ext,
    self: &mut Kiosk,
    item: T,
    _policy: &TransferPolicy<T>,
) {
    if (!is_installed<Ext>(self)) abort EExtensionNotInstalled;
    if (!can_lock<Ext>(self)) abort EExtensionNotAllowed;
    self.lock_internal(item)
}

// === Asking ===

/// Is it installed?
public fun is_installed<Ext: drop>(self: &Kiosk): bool {
    field::exists_(self.uid(), ExtensionKey<Ext> {})
}

/// Are its rights not suspended? It must be installed.
public fun is_enabled<Ext: drop>(self: &Kiosk): bool { extension<Ext>(self).is_enabled }

/// May it put items in now? It must be installed.
public fun can_place<Ext: drop>(self: &Kiosk): bool { may<Ext>(self, PLACE) }

/// May it put items in for good now? It must be installed.
public fun can_lock<Ext: drop>(self: &Kiosk): bool { may<Ext>(self, LOCK) }

fun may<Ext: drop>(self: &Kiosk, right: u128): bool {
    let extension = extension<Ext>(self);
    extension.is_enabled && extension.permissions & right != 0
}

fun require_owner(self: &mut Kiosk, cap: &KioskOwnerCap) {
    if (!self.has_access(cap)) abort ENotOwner;
}

fun extension<Ext: drop>(self: &Kiosk): &Extension {
    field::borrow(self.uid(), ExtensionKey<Ext> {})
}

fun extension_mut<Ext: drop>(self: &mut Kiosk): &mut Extension {
    field::borrow_mut(self.uid_mut_internal(), ExtensionKey<Ext> {})
}
