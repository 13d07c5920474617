/// A box for a value whose type will change with upgrades of the package: each type has its
/// version, under which the value is kept as a dynamic field.
module iota::versioned;

use iota::dynamic_field as field;

/// The capability is for another box, or the version does not rise.
const EInvalidUpgrade: u64 = 0;

public struct Versioned has key, store {
    id: UID,
    version: u64,
}

/// A value of the old type was taken out; one of the new type must go in, in this transaction.
public struct VersionChangeCap {
    versioned_id: ID,
    old_version: u64,
}

/// A box with a value in it.
public fun create<T: store>(init_version: u64, init_value: T, ctx: &mut TxContext): Versioned {
    let mut id = object::new(ctx);
    field::add(&mut id, init_version, init_value);
    Versioned { id, version: init_version }
}

/// Which type the value now has; what the number means is up to the user of the box.
public fun version(self: &Versioned): u64 { self.version }

/// The value, of which one must give the right type.
public fun load_value<T: store>(self: &Versioned): &T { field::borrow(&self.id, self.version) }

/// The value, to be changed in place.
public fun load_value_mut<T: store>(self: &mut Versioned): &mut T {
    field::borrow_mut(&mut self.id, self.version)
}

/// Take the value out to put one of another type in its place.
public fun remove_value_for_upgrade<T: store>(self: &mut Versioned): (T, VersionChangeCap) {
    let old_version = self.version;
    let value = field::remove(&mut self.id, old_version);
    (value, VersionChangeCap { versioned_id: object::id(self), old_version })
}

/// Put the value of the new type in.
public fun upgrade<T: store>(
    self: &mut Versioned,
    new_version: u64,
    new_value: T,
    cap: VersionChangeCap,
) {
    let VersionChangeCap { versioned_id, old_version } = cap;
    if (object::id(self) != versioned_id) abort EInvalidUpgrade;
    if (new_version <= old_version) abort EInvalidUpgrade;
    field::add(&mut self.id, new_version, new_value);
    self.version = new_version
}

/// The value alone; the box ends.
public fun destroy<T: store>(self: Versioned): T {
    let Versioned { mut id, version } = self;
    let value = field::remove(&mut id, version);
    id.delete();
    value
}
