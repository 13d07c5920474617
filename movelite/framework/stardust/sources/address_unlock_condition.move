/// What was sent to an alias or an NFT, taken by who has that alias or NFT.
module stardust::address_unlock_condition;

use iota::coin_manager::CoinManagerTreasuryCap;
use iota::transfer::Receiving;
use stardust::alias::Alias;
use stardust::alias_output::{Self, AliasOutput};
use stardust::basic_output::{Self, BasicOutput};
use stardust::nft::Nft;
use stardust::nft_output::{Self, NftOutput};

public fun unlock_alias_address_owned_basic<T>(
    self: &mut Alias,
    output_to_unlock: Receiving<BasicOutput<T>>,
): BasicOutput<T> {
    basic_output::receive(self.id(), output_to_unlock)
}

public fun unlock_alias_address_owned_nft<T>(
    self: &mut Alias,
    output_to_unlock: Receiving<NftOutput<T>>,
): NftOutput<T> {
    nft_output::receive(self.id(), output_to_unlock)
}

public fun unlock_alias_address_owned_alias<T>(
    self: &mut Alias,
    output_to_unlock: Receiving<AliasOutput<T>>,
): AliasOutput<T> {
    alias_output::receive(self.id(), output_to_unlock)
}

public fun unlock_alias_address_owned_coinmanager_treasury<T>(
    self: &mut Alias,
    treasury_to_unlock: Receiving<CoinManagerTreasuryCap<T>>,
): CoinManagerTreasuryCap<T> {
    transfer::public_receive(self.id(), treasury_to_unlock)
}

public fun unlock_nft_address_owned_basic<T>(
    self: &mut Nft,
    output_to_unlock: Receiving<BasicOutput<T>>,
): BasicOutput<T> {
    basic_output::receive(self.id(), output_to_unlock)
}

public fun unlock_nft_address_owned_nft<T>(
    self: &mut Nft,
    output_to_unlock: Receiving<NftOutput<T>>,
): NftOutput<T> {
    nft_output::receive(self.id(), output_to_unlock)
}

public fun unlock_nft_address_owned_alias<T>(
    self: &mut Nft,
    output_to_unlock: Receiving<AliasOutput<T>>,
): AliasOutput<T> {
    alias_output::receive(self.id(), output_to_unlock)
}
