"""Natives of the cryptographic modules of 0x2, one file for each topic."""
