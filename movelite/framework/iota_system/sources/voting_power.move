/// How much the votes of validators weigh. The weights add up to a fixed number, so that whoever
/// counts votes knows the quorum without knowing the stakes; one unit is a basis point.
///
/// Weight follows stake, but nobody has more than a tenth while there are enough validators for
/// the others to take up the rest.
module iota_system::voting_power;

use iota_system::validator::ValidatorV1;

/// What all have together.
const TOTAL_VOTING_POWER: u64 = 10_000;
/// So much signs for the network: more than two thirds.
const QUORUM_THRESHOLD: u64 = 6_667;
/// The most that one may have, if there are enough validators.
const MAX_VOTING_POWER: u64 = 1_000;

/// The powers do not add up to the total.
const ETotalPowerMismatch: u64 = 1;
/// Somebody with more stake than another has less power.
const ERelativePowerMismatch: u64 = 2;
/// Somebody has more than the limit.
const EVotingPowerOverThreshold: u64 = 3;
/// Somebody has no power at all.
const EInvalidVotingPower: u64 = 4;

/// The power meant for the validator at an index.
public struct VotingPowerInfoV1 has drop {
    validator_index: u64,
    voting_power: u64,
    stake: u64,
}

/// Give every validator its power for an epoch.
public(package) fun set_voting_power(validators: &mut vector<ValidatorV1>) {
    let even = TOTAL_VOTING_POWER.divide_and_round_up(validators.length());
    let threshold = MAX_VOTING_POWER.max(even).min(TOTAL_VOTING_POWER);
    let (mut info_list, remaining_power) = init_voting_power_info(validators, threshold);
    adjust_voting_power(&mut info_list, threshold, remaining_power);
    update_voting_power(validators, info_list);
    check_invariants(validators)
}

/// What all have together.
public fun total_voting_power(): u64 { TOTAL_VOTING_POWER }

/// So much signs for the network.
public fun quorum_threshold(): u64 { QUORUM_THRESHOLD }

/// Each one's share of the stake, rounded down and cut at `threshold`, most stake first; and the
/// power that is left.
fun init_voting_power_info(
    validators: &vector<ValidatorV1>,
    threshold: u64,
): (vector<VotingPowerInfoV1>, u64) {
    let whole = total_stake(validators) as u128;
    let mut left = TOTAL_VOTING_POWER;
    let mut sorted = vector[];
    validators.length().do!(|validator_index| {
        let stake = validators[validator_index].total_stake();
        let share = (stake as u128) * (TOTAL_VOTING_POWER as u128) / whole;
        let voting_power = threshold.min(share as u64);
        left = left - voting_power;
        insert(&mut sorted, VotingPowerInfoV1 { validator_index, voting_power, stake })
    });
    (sorted, left)
}

fun total_stake(validators: &vector<ValidatorV1>): u64 {
    let mut sum = 0;
    validators.do_ref!(|validator| sum = sum + validator.total_stake());
    sum
}

/// Put `new_info` into its place in a list of descending stakes: before those with as much.
fun insert(info_list: &mut vector<VotingPowerInfoV1>, new_info: VotingPowerInfoV1) {
    let place = info_list.find_index!(|info| info.stake <= new_info.stake);
    let end = info_list.length();
    info_list.insert(new_info, place.destroy_with_default(end))
}

/// Hand out the rest from the top: to each an even share of what is left, as far as it fits.
fun adjust_voting_power(
    info_list: &mut vector<VotingPowerInfoV1>,
    threshold: u64,
    mut remaining_power: u64,
) {
    let mut takers = info_list.length();
    info_list.do_mut!(|info| {
        if (info.voting_power > threshold) abort EVotingPowerOverThreshold;
        let share = remaining_power.divide_and_round_up(takers);
        let taken = share.min(threshold - info.voting_power);
        info.voting_power = info.voting_power + taken;
        remaining_power = remaining_power - taken;
        takers = takers - 1;
    });
    if (remaining_power != 0) abort ETotalPowerMismatch
}

fun update_voting_power(
    validators: &mut vector<ValidatorV1>,
    info_list: vector<VotingPowerInfoV1>,
) {
    info_list.do!(|info| validators[info.validator_index].set_voting_power(info.voting_power))
}

/// Everybody has power, together they have all of it, and nobody has less than another with
/// less stake.
fun check_invariants(v: &vector<ValidatorV1>) {
    let mut sum = 0;
    v.do_ref!(|validator| {
        if (validator.voting_power() == 0) abort EInvalidVotingPower;
        sum = sum + validator.voting_power()
    });
    if (sum != TOTAL_VOTING_POWER) abort ETotalPowerMismatch;
    v.length().do!(|i| i.do!(|j| if (!is_fair(&v[i], &v[j])) abort ERelativePowerMismatch))
}

fun is_fair(a: &ValidatorV1, b: &ValidatorV1): bool {
    let (stake, other) = (a.total_stake(), b.total_stake());
    if (stake > other) a.voting_power() >= b.voting_power()
    else stake == other || a.voting_power() <= b.voting_power()
}
