"""The ledger's transactional tests: packages, transactions and objects, without a network."""
