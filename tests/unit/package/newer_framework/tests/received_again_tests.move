#[test_only]
/// What was received in one transaction can be sent and received again in another.
module newer::received_again_tests;

use iota::test_scenario;

public struct Home has key { id: UID }
public struct Letter has key, store { id: UID }

#[test]
fun twice() {
    let mut scenario = test_scenario::begin(@1);
    let home = Home { id: object::new(scenario.ctx()) };
    let home_id = object::id(&home);
    let letter = Letter { id: object::new(scenario.ctx()) };
    let letter_id = object::id(&letter);
    transfer::public_transfer(letter, home_id.to_address());
    transfer::transfer(home, @1);
    2u64.do!(|_| {
        scenario.next_tx(@1);
        let mut home = scenario.take_from_sender<Home>();
        let ticket = test_scenario::most_recent_receiving_ticket<Letter>(&home_id);
        let letter = transfer::public_receive(&mut home.id, ticket);
        assert!(object::id(&letter) == letter_id);
        transfer::public_transfer(letter, home_id.to_address());
        scenario.return_to_sender(home);
    });
    scenario.end();
}

public enum Kind has copy, drop { Round, Square }

#[test]
fun a_match_is_an_argument() {
    let kind = Kind::Round;
    assert!(match (&kind) { Kind::Round => true, Kind::Square => false }, 7);
}

#[test]
fun a_ticket_that_was_not_used_is_there_again() {
    let mut scenario = test_scenario::begin(@1);
    let home = Home { id: object::new(scenario.ctx()) };
    let home_id = object::id(&home);
    transfer::public_transfer(Letter { id: object::new(scenario.ctx()) }, home_id.to_address());
    transfer::transfer(home, @1);
    scenario.next_tx(@1);
    test_scenario::most_recent_receiving_ticket<Letter>(&home_id);
    scenario.next_tx(@1);
    let mut home = scenario.take_from_sender<Home>();
    let ticket = test_scenario::most_recent_receiving_ticket<Letter>(&home_id);
    let Letter { id } = transfer::public_receive(&mut home.id, ticket);
    id.delete();
    scenario.return_to_sender(home);
    scenario.end();
}
