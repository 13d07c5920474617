/// Aliases of the ledger before this one: identities that kept a state.
module stardust::alias;

/// What an alias was when the ledger was taken over. Its owner was the governor.
public struct Alias has key, store {
    id: UID,
    legacy_state_controller: address,
    state_index: u32,
    state_metadata: Option<vector<u8>>,
    sender: Option<address>,
    metadata: Option<vector<u8>>,
    immutable_issuer: Option<address>,
    immutable_metadata: Option<vector<u8>>,
}

/// Give it up for good.
public fun destroy(self: Alias) {
    let Alias { id, .. } = self;
    id.delete();
}

/// Who could change the state.
public fun legacy_state_controller(self: &Alias): &address { &self.legacy_state_controller }

/// How often the state had changed.
public fun state_index(self: &Alias): u32 { self.state_index }

/// The state itself.
public fun state_metadata(self: &Alias): &Option<vector<u8>> { &self.state_metadata }

/// The sender feature.
public fun sender(self: &Alias): &Option<address> { &self.sender }

/// The metadata feature.
public fun metadata(self: &Alias): &Option<vector<u8>> { &self.metadata }

/// The immutable issuer feature.
public fun immutable_issuer(self: &Alias): &Option<address> { &self.immutable_issuer }

/// The immutable metadata feature.
public fun immutable_metadata(self: &Alias): &Option<vector<u8>> { &self.immutable_metadata }

public(package) fun id(self: &mut Alias): &mut UID { &mut self.id }

#[test_only]
public fun create_for_testing(
    legacy_state_controller: address,
    state_index: u32,
    state_metadata: Option<vector<u8>>,
    sender: Option<address>,
    metadata: Option<vector<u8>>,
    immutable_issuer: Option<address>,
    immutable_metadata: Option<vector<u8>>,
    ctx: &mut TxContext,
): Alias {
    Alias {
        id: object::new(ctx),
        legacy_state_controller,
        state_index,
        state_metadata,
        sender,
        metadata,
        immutable_issuer,
        immutable_metadata,
    }
}
