#[test_only]
module my_nft::my_nft_tests;

use iota::test_scenario as ts;
use my_nft::my_nft::{Self, MinterCap, Nft};

const PUBLISHER: address = @0xA;
const COLLECTOR: address = @0xB;

#[test]
fun a_minted_piece_is_burnt() {
    let mut scenario = ts::begin(PUBLISHER);
    my_nft::init_for_testing(scenario.ctx());
    scenario.next_tx(PUBLISHER);
    let cap: MinterCap = scenario.take_from_sender();
    cap.mint(
        b"First".to_string(),
        b"The first piece".to_string(),
        b"https://example.com/1.png".to_string(),
        COLLECTOR,
        scenario.ctx(),
    );
    scenario.return_to_sender(cap);

    scenario.next_tx(COLLECTOR);
    let nft: Nft = scenario.take_from_sender();
    assert!(nft.name() == b"First".to_string());
    nft.burn();
    let effects = scenario.end();
    assert!(effects.deleted().length() == 1);
}
