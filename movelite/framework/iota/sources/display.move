/// How wallets and explorers show objects of a type: named texts in which `{field}` stands for a
/// field of the object. One display serves all objects of its type, and whoever reads it is told
/// of changes by events.
module iota::display;

use iota::event;
use iota::package::Publisher;
use iota::vec_map::{Self, VecMap};
use std::string::String;

/// The publisher published another package.
const ENotOwner: u64 = 0;
/// There must be one value for each field.
const EVecLengthMismatch: u64 = 1;

public struct Display<phantom T: key> has key, store {
    id: UID,
    fields: VecMap<String, String>,
    /// How often changes were announced; the version that counts is the last announced one.
    version: u16,
}

/// There is a new display.
public struct DisplayCreated<phantom T: key> has copy, drop {
    id: ID,
}

/// The fields of a display are these from now on.
public struct VersionUpdated<phantom T: key> has copy, drop {
    id: ID,
    version: u16,
    fields: VecMap<String, String>,
}

/// A display without fields, for a type of the publisher's package.
public fun new<T: key>(pub: &Publisher, ctx: &mut TxContext): Display<T> {
    if (!is_authorized<T>(pub)) abort ENotOwner;
    create_internal(ctx)
}

/// A display with these fields.
public fun new_with_fields<T: key>(
    pub: &Publisher,
    fields: vector<String>,
    values: vector<String>,
    ctx: &mut TxContext,
): Display<T> {
    if (fields.length() != values.length()) abort EVecLengthMismatch;
    let mut display = new(pub, ctx);
    display.add_multiple(fields, values);
    display
}

/// A display without fields for the sender.
#[allow(lint(self_transfer))]
public entry fun create_and_keep<T: key>(pub: &Publisher, ctx: &mut TxContext) {
    transfer::public_transfer(new<T>(pub, ctx), ctx.sender())
}

/// Announce the fields as they are now.
public entry fun update_version<T: key>(display: &mut Display<T>) {
    display.version = display.version + 1;
    event::emit(VersionUpdated<T> {
        id: display.id.to_inner(),
        version: display.version,
        fields: display.fields,
    })
}

/// Add a field.
public entry fun add<T: key>(self: &mut Display<T>, name: String, value: String) {
    self.add_internal(name, value)
}

/// Add fields.
public entry fun add_multiple<T: key>(
    self: &mut Display<T>,
    fields: vector<String>,
    values: vector<String>,
) {
    if (fields.length() != values.length()) abort EVecLengthMismatch;
    fields.zip_do!(values, |name, value| self.add_internal(name, value))
}

/// Replace a field; it becomes the last one.
public entry fun edit<T: key>(self: &mut Display<T>, name: String, value: String) {
    self.fields.remove(&name);
    self.add_internal(name, value)
}

/// Remove a field.
public entry fun remove<T: key>(self: &mut Display<T>, name: String) {
    self.fields.remove(&name);
}

/// May this publisher make displays for `T`?
public fun is_authorized<T: key>(pub: &Publisher): bool { pub.from_package<T>() }

/// How often changes were announced.
public fun version<T: key>(d: &Display<T>): u16 { d.version }

/// The fields, announced or not.
public fun fields<T: key>(d: &Display<T>): &VecMap<String, String> { &d.fields }

fun create_internal<T: key>(ctx: &mut TxContext): Display<T> {
    let id = object::new(ctx);
    event::emit(DisplayCreated<T> { id: id.to_inner() });
    Display { id, fields: vec_map::empty(), version: 0 }
}

fun add_internal<T: key>(display: &mut Display<T>, name: String, value: String) {
    display.fields.insert(name, value)
}
