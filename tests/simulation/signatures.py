"""The same transaction with other signatures of its users, which its digest does not cover."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from hashlib import sha512

from nacl import bindings

from proto.crypto import Ed25519KeyPair
from proto.transaction import SenderSignedData
from proto.user_signature import sign_transaction
from tests.simulation import ledger


class _OtherNonce(Ed25519KeyPair):
    """Signs with another nonce, as a device with a random one does: as valid, and other bytes.

    Source: RFC 8032, section 5.1.6.
    """

    def sign(self, message: bytes) -> bytes:
        """64 bytes of signature."""
        halves = sha512(self.secret).digest()
        scalar = bytearray(halves[:32])
        scalar[0] &= 248
        scalar[31] = scalar[31] & 127 | 64
        nonce = bindings.crypto_core_ed25519_scalar_reduce(sha512(b"other" + halves[32:] + message).digest())
        point = bindings.crypto_scalarmult_ed25519_base_noclamp(nonce)
        hashed = sha512(point + self.public_key + message).digest()
        challenge = bindings.crypto_core_ed25519_scalar_reduce(hashed)
        product = bindings.crypto_core_ed25519_scalar_mul(challenge, bytes(scalar))
        return point + bindings.crypto_core_ed25519_scalar_add(nonce, product)


@lru_cache(maxsize=20_000)
def signed_again(transaction: SenderSignedData) -> SenderSignedData:
    """With another valid signature of its sender."""
    data = transaction.transaction_data
    key = next(user.key for user in ledger.USERS if user.address == data.sender)
    other = _OtherNonce(key.secret, key.public_key, key._expanded)
    return replace(transaction, tx_signatures=(sign_transaction(other, data),))


def forged(transaction: SenderSignedData) -> SenderSignedData:
    """Signed by somebody else."""
    stranger = ledger.transfer(0, *ledger.coins_of(0), ledger.USERS[0].address)
    return replace(transaction, tx_signatures=stranger.tx_signatures)
