/// What an NFT said of itself by the standard IRC-27.
module stardust::irc27;

use iota::url::Url;
use iota::vec_map::VecMap;
use std::fixed_point32::FixedPoint32;
use std::string::String;

public struct Irc27Metadata has store {
    version: String,
    media_type: String,
    uri: Url,
    name: String,
    collection_name: Option<String>,
    /// The share of each sale that an address should get.
    royalties: VecMap<address, FixedPoint32>,
    issuer_name: Option<String>,
    description: Option<String>,
    attributes: VecMap<String, String>,
    /// Whatever else was there.
    non_standard_fields: VecMap<String, String>,
}

public fun version(irc27: &Irc27Metadata): &String { &irc27.version }

/// The MIME type of what `uri` leads to.
public fun media_type(irc27: &Irc27Metadata): &String { &irc27.media_type }

public fun uri(irc27: &Irc27Metadata): &Url { &irc27.uri }

public fun name(irc27: &Irc27Metadata): &String { &irc27.name }

public fun collection_name(irc27: &Irc27Metadata): &Option<String> { &irc27.collection_name }

public fun royalties(irc27: &Irc27Metadata): &VecMap<address, FixedPoint32> { &irc27.royalties }

public fun issuer_name(irc27: &Irc27Metadata): &Option<String> { &irc27.issuer_name }

public fun description(irc27: &Irc27Metadata): &Option<String> { &irc27.description }

public fun attributes(irc27: &Irc27Metadata): &VecMap<String, String> { &irc27.attributes }

public fun non_standard_fields(irc27: &Irc27Metadata): &VecMap<String, String> {
    &irc27.non_standard_fields
}

public fun destroy(irc27: Irc27Metadata) {
    let Irc27Metadata { .. } = irc27;
}

#[test_only]
public fun create_for_testing(
    version: String,
    media_type: String,
    uri: Url,
    name: String,
    collection_name: Option<String>,
    royalties: VecMap<address, FixedPoint32>,
    issuer_name: Option<String>,
    description: Option<String>,
    attributes: VecMap<String, String>,
    non_standard_fields: VecMap<String, String>,
): Irc27Metadata {
    Irc27Metadata {
        version,
        media_type,
        uri,
        name,
        collection_name,
        royalties,
        issuer_name,
        description,
        attributes,
        non_standard_fields,
    }
}
