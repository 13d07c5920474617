/// NFTs of the ledger before this one.
module stardust::nft;

use iota::{display, package};
use stardust::irc27::Irc27Metadata;
use std::string::String;

/// The one-time witness.
public struct NFT has drop {}

/// What an NFT was when the ledger was taken over.
public struct Nft has key, store {
    id: UID,
    legacy_sender: Option<address>,
    metadata: Option<vector<u8>>,
    tag: Option<vector<u8>>,
    immutable_issuer: Option<address>,
    immutable_metadata: Irc27Metadata,
}

/// Say how wallets show an NFT, once and for all.
fun init(otw: NFT, ctx: &mut TxContext) {
    let shown: vector<vector<u8>> = vector[
        b"name", b"image_url", b"description", b"creator",
        b"version", b"media_type", b"collection_name", b"immutable_issuer",
    ];
    let values: vector<vector<u8>> = vector[
        b"{immutable_metadata.name}",
        b"{immutable_metadata.uri}",
        b"{immutable_metadata.description}",
        b"{immutable_metadata.issuer_name}",
        b"{immutable_metadata.version}",
        b"{immutable_metadata.media_type}",
        b"{immutable_metadata.collection_name}",
        b"{immutable_issuer}",
    ];
    let publisher = package::claim(otw, ctx);
    let mut display = display::new_with_fields<Nft>(&publisher, texts(shown), texts(values), ctx);
    display.update_version();
    publisher.burn();
    transfer::public_freeze_object(display);
}

fun texts(bytes: vector<vector<u8>>): vector<String> { bytes.map!(|text| text.to_string()) }

/// Give it up for good.
public fun destroy(nft: Nft) {
    let Nft { id, immutable_metadata, .. } = nft;
    immutable_metadata.destroy();
    id.delete();
}

/// The sender feature.
public fun legacy_sender(nft: &Nft): &Option<address> { &nft.legacy_sender }

/// The metadata feature.
public fun metadata(nft: &Nft): &Option<vector<u8>> { &nft.metadata }

/// The tag feature.
public fun tag(nft: &Nft): &Option<vector<u8>> { &nft.tag }

/// The immutable issuer feature.
public fun immutable_issuer(nft: &Nft): &Option<address> { &nft.immutable_issuer }

/// The immutable metadata feature.
public fun immutable_metadata(nft: &Nft): &Irc27Metadata { &nft.immutable_metadata }

public(package) fun id(self: &mut Nft): &mut UID { &mut self.id }

#[test_only]
public fun create_for_testing(
    legacy_sender: Option<address>,
    metadata: Option<vector<u8>>,
    tag: Option<vector<u8>>,
    immutable_issuer: Option<address>,
    immutable_metadata: Irc27Metadata,
    ctx: &mut TxContext,
): Nft {
    Nft {
        id: object::new(ctx),
        legacy_sender,
        metadata,
        tag,
        immutable_issuer,
        immutable_metadata,
    }
}
