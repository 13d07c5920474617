"""Every limit and cost of the protocol, under the names that IOTA gives them.

Values: protocol version 2. Units are in the names; gas costs are in internal units (1/1000 of a unit).
Source: iota-protocol-config.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FeatureFlags:
    """Features that a protocol version turns on."""

    consensus_transaction_ordering: str = "ByGasPrice"
    enable_poseidon: bool = True
    enable_group_ops_native_function_msm: bool = True
    per_object_congestion_control_mode: str = "TotalTxCount"
    zklogin_max_epoch_upper_bound_delta: int = 30
    enable_vdf: bool = True
    passkey_auth: bool = True


@dataclass(frozen=True, slots=True)
class ProtocolConfig:
    """Limits and costs of one protocol version."""

    version: int = 2
    max_tx_size_bytes: int = 131_072
    max_input_objects: int = 2048
    max_size_written_objects: int = 5_000_000
    max_size_written_objects_system_tx: int = 50_000_000
    max_serialized_tx_effects_size_bytes: int = 524_288
    max_serialized_tx_effects_size_bytes_system_tx: int = 8_388_608
    max_gas_payment_objects: int = 256
    max_modules_in_publish: int = 64
    max_package_dependencies: int = 32
    max_arguments: int = 512
    max_type_arguments: int = 16
    max_type_argument_depth: int = 16
    max_pure_argument_size: int = 16_384
    max_programmable_tx_commands: int = 1024
    move_binary_format_version: int = 7
    min_move_binary_format_version: int = 6
    binary_module_handles: int = 100
    binary_struct_handles: int = 300
    binary_function_handles: int = 1500
    binary_function_instantiations: int = 750
    binary_signatures: int = 1000
    binary_constant_pool: int = 4000
    binary_identifiers: int = 10_000
    binary_address_identifiers: int = 100
    binary_struct_defs: int = 200
    binary_struct_def_instantiations: int = 100
    binary_function_defs: int = 1000
    binary_field_handles: int = 500
    binary_field_instantiations: int = 250
    binary_friend_decls: int = 100
    max_move_object_size: int = 256_000
    max_move_package_size: int = 102_400
    max_publish_or_upgrade_per_ptb: int = 5
    max_tx_gas: int = 50_000_000_000
    max_gas_price: int = 100_000
    max_gas_computation_bucket: int = 5_000_000
    gas_rounding_step: int = 1000
    max_loop_depth: int = 5
    max_generic_instantiation_length: int = 32
    max_function_parameters: int = 128
    max_basic_blocks: int = 1024
    max_value_stack_size: int = 1024
    max_type_nodes: int = 256
    max_push_size: int = 10_000
    max_struct_definitions: int = 200
    max_function_definitions: int = 1000
    max_fields_in_struct: int = 32
    max_dependency_depth: int = 100
    max_num_event_emit: int = 1024
    max_num_new_move_object_ids: int = 2048
    max_num_new_move_object_ids_system_tx: int = 32_768
    max_num_deleted_move_object_ids: int = 2048
    max_num_deleted_move_object_ids_system_tx: int = 32_768
    max_num_transferred_move_object_ids: int = 2048
    max_num_transferred_move_object_ids_system_tx: int = 32_768
    max_event_emit_size: int = 256_000
    max_event_emit_size_total: int = 65_536_000
    max_move_vector_len: int = 262_144
    max_move_identifier_len: int = 128
    max_move_value_depth: int = 128
    max_back_edges_per_function: int = 10_000
    max_back_edges_per_module: int = 10_000
    max_verifier_meter_ticks_per_function: int = 16_000_000
    max_meter_ticks_per_module: int = 16_000_000
    max_meter_ticks_per_package: int = 16_000_000
    object_runtime_max_num_cached_objects: int = 1000
    object_runtime_max_num_cached_objects_system_tx: int = 16_000
    object_runtime_max_num_store_entries: int = 1000
    object_runtime_max_num_store_entries_system_tx: int = 16_000
    base_tx_cost_fixed: int = 1000
    package_publish_cost_fixed: int = 1000
    base_tx_cost_per_byte: int = 0
    package_publish_cost_per_byte: int = 80
    obj_access_cost_read_per_byte: int = 15
    obj_access_cost_mutate_per_byte: int = 40
    obj_access_cost_delete_per_byte: int = 40
    obj_access_cost_verify_per_byte: int = 200
    gas_model_version: int = 1
    obj_data_cost_refundable: int = 100
    obj_metadata_cost_non_refundable: int = 50
    storage_rebate_rate: int = 10_000
    reward_slashing_rate: int = 10_000
    storage_gas_price: int = 76
    validator_target_reward: int = 767_000_000_000_000
    max_transactions_per_checkpoint: int = 10_000
    max_checkpoint_size_bytes: int = 31_457_280
    buffer_stake_for_protocol_upgrade_bps: int = 5000
    address_from_bytes_cost_base: int = 52
    address_to_u256_cost_base: int = 52
    address_from_u256_cost_base: int = 52
    config_read_setting_impl_cost_base: int = 100
    config_read_setting_impl_cost_per_byte: int = 40
    dynamic_field_hash_type_and_key_cost_base: int = 100
    dynamic_field_hash_type_and_key_type_cost_per_byte: int = 2
    dynamic_field_hash_type_and_key_value_cost_per_byte: int = 2
    dynamic_field_hash_type_and_key_type_tag_cost_per_byte: int = 2
    dynamic_field_add_child_object_cost_base: int = 100
    dynamic_field_add_child_object_type_cost_per_byte: int = 10
    dynamic_field_add_child_object_value_cost_per_byte: int = 10
    dynamic_field_add_child_object_struct_tag_cost_per_byte: int = 10
    dynamic_field_borrow_child_object_cost_base: int = 100
    dynamic_field_borrow_child_object_child_ref_cost_per_byte: int = 10
    dynamic_field_borrow_child_object_type_cost_per_byte: int = 10
    dynamic_field_remove_child_object_cost_base: int = 100
    dynamic_field_remove_child_object_child_cost_per_byte: int = 2
    dynamic_field_remove_child_object_type_cost_per_byte: int = 2
    dynamic_field_has_child_object_cost_base: int = 100
    dynamic_field_has_child_object_with_ty_cost_base: int = 100
    dynamic_field_has_child_object_with_ty_type_cost_per_byte: int = 2
    dynamic_field_has_child_object_with_ty_type_tag_cost_per_byte: int = 2
    event_emit_cost_base: int = 52
    event_emit_value_size_derivation_cost_per_byte: int = 2
    event_emit_tag_size_derivation_cost_per_byte: int = 5
    event_emit_output_cost_per_byte: int = 10
    object_borrow_uid_cost_base: int = 52
    object_delete_impl_cost_base: int = 52
    object_record_new_uid_cost_base: int = 52
    transfer_transfer_internal_cost_base: int = 52
    transfer_freeze_object_cost_base: int = 52
    transfer_share_object_cost_base: int = 52
    transfer_receive_object_cost_base: int = 52
    tx_context_derive_id_cost_base: int = 52
    types_is_one_time_witness_cost_base: int = 52
    types_is_one_time_witness_type_tag_cost_per_byte: int = 2
    types_is_one_time_witness_type_cost_per_byte: int = 2
    validator_validate_metadata_cost_base: int = 52
    validator_validate_metadata_data_cost_per_byte: int = 2
    crypto_invalid_arguments_cost: int = 100
    bls12381_bls12381_min_sig_verify_cost_base: int = 52
    bls12381_bls12381_min_sig_verify_msg_cost_per_byte: int = 2
    bls12381_bls12381_min_sig_verify_msg_cost_per_block: int = 2
    bls12381_bls12381_min_pk_verify_cost_base: int = 52
    bls12381_bls12381_min_pk_verify_msg_cost_per_byte: int = 2
    bls12381_bls12381_min_pk_verify_msg_cost_per_block: int = 2
    ecdsa_k1_ecrecover_keccak256_cost_base: int = 52
    ecdsa_k1_ecrecover_keccak256_msg_cost_per_byte: int = 2
    ecdsa_k1_ecrecover_keccak256_msg_cost_per_block: int = 2
    ecdsa_k1_ecrecover_sha256_cost_base: int = 52
    ecdsa_k1_ecrecover_sha256_msg_cost_per_byte: int = 2
    ecdsa_k1_ecrecover_sha256_msg_cost_per_block: int = 2
    ecdsa_k1_decompress_pubkey_cost_base: int = 52
    ecdsa_k1_secp256k1_verify_keccak256_cost_base: int = 52
    ecdsa_k1_secp256k1_verify_keccak256_msg_cost_per_byte: int = 2
    ecdsa_k1_secp256k1_verify_keccak256_msg_cost_per_block: int = 2
    ecdsa_k1_secp256k1_verify_sha256_cost_base: int = 52
    ecdsa_k1_secp256k1_verify_sha256_msg_cost_per_byte: int = 2
    ecdsa_k1_secp256k1_verify_sha256_msg_cost_per_block: int = 2
    ecdsa_r1_ecrecover_keccak256_cost_base: int = 52
    ecdsa_r1_ecrecover_keccak256_msg_cost_per_byte: int = 2
    ecdsa_r1_ecrecover_keccak256_msg_cost_per_block: int = 2
    ecdsa_r1_ecrecover_sha256_cost_base: int = 52
    ecdsa_r1_ecrecover_sha256_msg_cost_per_byte: int = 2
    ecdsa_r1_ecrecover_sha256_msg_cost_per_block: int = 2
    ecdsa_r1_secp256r1_verify_keccak256_cost_base: int = 52
    ecdsa_r1_secp256r1_verify_keccak256_msg_cost_per_byte: int = 2
    ecdsa_r1_secp256r1_verify_keccak256_msg_cost_per_block: int = 2
    ecdsa_r1_secp256r1_verify_sha256_cost_base: int = 52
    ecdsa_r1_secp256r1_verify_sha256_msg_cost_per_byte: int = 2
    ecdsa_r1_secp256r1_verify_sha256_msg_cost_per_block: int = 2
    ecvrf_ecvrf_verify_cost_base: int = 52
    ecvrf_ecvrf_verify_alpha_string_cost_per_byte: int = 2
    ecvrf_ecvrf_verify_alpha_string_cost_per_block: int = 2
    ed25519_ed25519_verify_cost_base: int = 52
    ed25519_ed25519_verify_msg_cost_per_byte: int = 2
    ed25519_ed25519_verify_msg_cost_per_block: int = 2
    groth16_prepare_verifying_key_bls12381_cost_base: int = 52
    groth16_prepare_verifying_key_bn254_cost_base: int = 52
    groth16_verify_groth16_proof_internal_bls12381_cost_base: int = 52
    groth16_verify_groth16_proof_internal_bls12381_cost_per_public_input: int = 2
    groth16_verify_groth16_proof_internal_bn254_cost_base: int = 52
    groth16_verify_groth16_proof_internal_bn254_cost_per_public_input: int = 2
    groth16_verify_groth16_proof_internal_public_input_cost_per_byte: int = 2
    hash_blake2b256_cost_base: int = 52
    hash_blake2b256_data_cost_per_byte: int = 2
    hash_blake2b256_data_cost_per_block: int = 2
    hash_keccak256_cost_base: int = 52
    hash_keccak256_data_cost_per_byte: int = 2
    hash_keccak256_data_cost_per_block: int = 2
    poseidon_bn254_cost_base: int = 260
    poseidon_bn254_cost_per_block: int = 10
    group_ops_bls12381_decode_scalar_cost: int = 52
    group_ops_bls12381_decode_g1_cost: int = 52
    group_ops_bls12381_decode_g2_cost: int = 52
    group_ops_bls12381_decode_gt_cost: int = 52
    group_ops_bls12381_scalar_add_cost: int = 52
    group_ops_bls12381_g1_add_cost: int = 52
    group_ops_bls12381_g2_add_cost: int = 52
    group_ops_bls12381_gt_add_cost: int = 52
    group_ops_bls12381_scalar_sub_cost: int = 52
    group_ops_bls12381_g1_sub_cost: int = 52
    group_ops_bls12381_g2_sub_cost: int = 52
    group_ops_bls12381_gt_sub_cost: int = 52
    group_ops_bls12381_scalar_mul_cost: int = 52
    group_ops_bls12381_g1_mul_cost: int = 52
    group_ops_bls12381_g2_mul_cost: int = 52
    group_ops_bls12381_gt_mul_cost: int = 52
    group_ops_bls12381_scalar_div_cost: int = 52
    group_ops_bls12381_g1_div_cost: int = 52
    group_ops_bls12381_g2_div_cost: int = 52
    group_ops_bls12381_gt_div_cost: int = 52
    group_ops_bls12381_g1_hash_to_base_cost: int = 52
    group_ops_bls12381_g2_hash_to_base_cost: int = 52
    group_ops_bls12381_g1_hash_to_cost_per_byte: int = 2
    group_ops_bls12381_g2_hash_to_cost_per_byte: int = 2
    group_ops_bls12381_g1_msm_base_cost: int = 52
    group_ops_bls12381_g2_msm_base_cost: int = 52
    group_ops_bls12381_g1_msm_base_cost_per_input: int = 52
    group_ops_bls12381_g2_msm_base_cost_per_input: int = 52
    group_ops_bls12381_msm_max_len: int = 32
    group_ops_bls12381_pairing_cost: int = 52
    hmac_hmac_sha3_256_cost_base: int = 52
    hmac_hmac_sha3_256_input_cost_per_byte: int = 2
    hmac_hmac_sha3_256_input_cost_per_block: int = 2
    check_zklogin_id_cost_base: int = 200
    check_zklogin_issuer_cost_base: int = 200
    vdf_verify_vdf_cost: int = 1500
    vdf_hash_to_input_cost: int = 100
    bcs_per_byte_serialized_cost: int = 2
    bcs_legacy_min_output_size_cost: int = 1
    bcs_failure_cost: int = 52
    hash_sha2_256_base_cost: int = 52
    hash_sha2_256_per_byte_cost: int = 2
    hash_sha2_256_legacy_min_input_len_cost: int = 1
    hash_sha3_256_base_cost: int = 52
    hash_sha3_256_per_byte_cost: int = 2
    hash_sha3_256_legacy_min_input_len_cost: int = 1
    type_name_get_base_cost: int = 52
    type_name_get_per_byte_cost: int = 2
    string_check_utf8_base_cost: int = 52
    string_check_utf8_per_byte_cost: int = 2
    string_is_char_boundary_base_cost: int = 52
    string_sub_string_base_cost: int = 52
    string_sub_string_per_byte_cost: int = 2
    string_index_of_base_cost: int = 52
    string_index_of_per_byte_pattern_cost: int = 2
    string_index_of_per_byte_searched_cost: int = 2
    vector_empty_base_cost: int = 52
    vector_length_base_cost: int = 52
    vector_push_back_base_cost: int = 52
    vector_push_back_legacy_per_abstract_memory_unit_cost: int = 2
    vector_borrow_base_cost: int = 52
    vector_pop_back_base_cost: int = 52
    vector_destroy_empty_base_cost: int = 52
    vector_swap_base_cost: int = 52
    debug_print_base_cost: int = 52
    debug_print_stack_trace_base_cost: int = 52
    execution_version: int = 1
    consensus_bad_nodes_stake_threshold: int = 20
    max_jwk_votes_per_validator_per_epoch: int = 240
    max_age_of_jwk_in_epochs: int = 1
    random_beacon_reduction_allowed_delta: int = 800
    random_beacon_reduction_lower_bound: int = 1000
    random_beacon_dkg_timeout_round: int = 3000
    random_beacon_min_round_interval_ms: int = 500
    random_beacon_dkg_version: int = 1
    consensus_max_transaction_size_bytes: int = 262_144
    consensus_max_transactions_in_block_bytes: int = 524_288
    consensus_max_num_transactions_in_block: int = 512
    max_deferral_rounds_for_congestion_control: int = 10
    min_checkpoint_interval_ms: int = 200
    checkpoint_summary_version_specific_data: int = 1
    max_soft_bundle_size: int = 5
    bridge_should_try_to_finalize_committee: bool = True
    max_accumulated_txn_cost_per_object_in_mysticeti_commit: int = 10
    feature_flags: FeatureFlags = FeatureFlags()


PROTOCOL_CONFIG = ProtocolConfig()
"""The configuration of protocol version 2."""


@dataclass(frozen=True, slots=True)
class NetworkLimits:
    """Bounds of what authorities and aggregators say to each other; ours alone."""

    max_batch_transactions: int = 1000
    """Transactions in one batch."""
    max_message_bytes: int = 8 * 1024 * 1024
    """Bytes of one request: a batch of several transactions has half as many."""
    max_response_bytes: int = 128 * 1024 * 1024
    """Bytes of one response: the events of one transaction, 66 MB by the protocol's measure, fit into it."""
    max_page: int = 1000
    """Entries in one page of a read."""
    max_linked_packages: int = 1024
    """Packages to which the packages that a transaction names are linked, counted for each, without the
    system's. Reading code is hardly charged for, and what is linked not at all."""
    max_linked_bytes: int = 8 * 1024 * 1024
    """Bytes of these packages, each counted once: to read and verify code that was not used lately takes
    2.6 µs a byte.
    """
    max_answer_bytes: int = 16 * 1024 * 1024
    """Bytes of what is asked for together, beside its first; more has to be asked for by itself."""
    max_turn_gas_units: int = 20_000
    """Gas of the certificates that are executed before others have a turn, but for the last of them;
    transfers do not count.
    """


NETWORK_LIMITS = NetworkLimits()
"""The limits that every process of this version uses."""
