"""Keystore, mnemonics and client configuration."""
