/// A collection of unique objects, with a display for wallets and explorers.
module my_nft::my_nft;

use iota::display;
use iota::event;
use iota::package;
use std::string::String;

/// One-time witness; proves who published the package.
public struct MY_NFT has drop {}

/// One piece of the collection.
public struct Nft has key, store {
    id: UID,
    name: String,
    description: String,
    image_url: String,
}

/// The right to mint.
public struct MinterCap has key, store {
    id: UID,
}

public struct Minted has copy, drop {
    nft: ID,
    name: String,
}

/// Runs once, when the package is published. `{name}` and the like stand for fields of the object.
fun init(witness: MY_NFT, ctx: &mut TxContext) {
    let publisher = package::claim(witness, ctx);
    let mut display = display::new<Nft>(&publisher, ctx);
    display.add(b"name".to_string(), b"{name}".to_string());
    display.add(b"description".to_string(), b"{description}".to_string());
    display.add(b"image_url".to_string(), b"{image_url}".to_string());
    display.update_version();
    transfer::public_transfer(publisher, ctx.sender());
    transfer::public_transfer(display, ctx.sender());
    transfer::public_transfer(MinterCap { id: object::new(ctx) }, ctx.sender());
}

/// A new piece for `recipient`.
public fun mint(
    _cap: &MinterCap,
    name: String,
    description: String,
    image_url: String,
    recipient: address,
    ctx: &mut TxContext,
) {
    let nft = Nft { id: object::new(ctx), name, description, image_url };
    event::emit(Minted { nft: object::id(&nft), name });
    transfer::public_transfer(nft, recipient)
}

/// Destroy a piece.
public fun burn(nft: Nft) {
    let Nft { id, name: _, description: _, image_url: _ } = nft;
    id.delete()
}

public fun name(nft: &Nft): String { nft.name }

#[test_only]
public fun init_for_testing(ctx: &mut TxContext) { init(MY_NFT {}, ctx) }
