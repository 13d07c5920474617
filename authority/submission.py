"""Signed transactions on their way through an authority, read as little as each step needs."""

from __future__ import annotations

from collections import OrderedDict

from authority.signature_verifier import SignatureCheck
from proto.bcs import BcsError
from proto.errors import AuthorityError, MalformedRequest
from proto.ids import Digest
from proto.object import OwnedParts
from proto.transaction import SenderSignedData, TransactionData, digest_of_bytes, split_sender_signed
from proto.transaction_layout import LayoutTable, PlainTransaction, plain_signature

RECENT_TRANSACTIONS = 10_000
REMEMBERED_BYTES = 8192
"""Transactions that stay read between vote and certificate, and the longest of them."""


class SubmittedTransaction:
    """A signed transaction: its bytes, its digest, and what of it was read.

    plain: what its layout says of it; None if it has to be decoded. inputs: what it refers to, once that was
    checked; it holds while these very parts are live. is_signed: whether its signatures were found good.
    """

    __slots__ = ("_signed", "digest", "inputs", "is_signed", "plain", "raw", "signature_check")

    def __init__(
        self,
        raw: bytes,
        digest: Digest,
        signature_check: SignatureCheck,
        plain: PlainTransaction | None,
        signed: SenderSignedData | None,
    ) -> None:
        self.raw = raw
        self.digest = digest
        self.signature_check = signature_check
        self.plain = plain
        self.inputs: tuple[OwnedParts, ...] | None = None
        self.is_signed = False
        self._signed = signed

    @property
    def signed(self) -> SenderSignedData:
        """The transaction decoded."""
        if self._signed is None:
            self._signed = SenderSignedData.from_bytes(self.raw)
        return self._signed

    @property
    def data(self) -> TransactionData:
        """What was signed."""
        return self.signed.transaction_data


class TransactionReader:
    """Reads transactions. Those that come with a vote are remembered until they come in a certificate."""

    def __init__(self) -> None:
        self._layouts = LayoutTable()
        self._recent: OrderedDict[bytes, SubmittedTransaction] = OrderedDict()

    def read(self, raw: bytes) -> SubmittedTransaction:
        """The transaction in these bytes, to be voted for. Raises: AuthorityError if there is none."""
        submitted = self._recent.get(raw)
        if submitted is None:
            submitted = self._read_anew(raw)
            if len(raw) <= REMEMBERED_BYTES:
                self._recent[raw] = submitted
                if len(self._recent) > RECENT_TRANSACTIONS:
                    self._recent.popitem(last=False)
        return submitted

    def read_certified(self, raw: bytes) -> SubmittedTransaction:
        """The same, to be executed: most never come again. Raises: AuthorityError if there is none."""
        return self._recent.pop(raw, None) or self._read_anew(raw)

    def learn(self, submitted: SubmittedTransaction) -> None:
        """From now on others of its layout are not decoded.

        The transaction has passed all checks: they hold for the others too as far as they do not depend on
        what differs in a layout.
        """
        if submitted.plain is None and len(submitted.raw) <= REMEMBERED_BYTES:
            self._layouts.learn(submitted.signed)

    def _read_anew(self, raw: bytes) -> SubmittedTransaction:
        plain = self._layouts.read(raw)
        if plain is not None:
            data_bytes, signature = plain_signature(raw)
            check: SignatureCheck = (data_bytes, (signature,), (plain.sender,))
            return SubmittedTransaction(raw, digest_of_bytes(data_bytes), check, plain, None)
        try:
            signed, data_bytes = split_sender_signed(raw)
        except BcsError as error:
            raise AuthorityError(MalformedRequest(f"bytes that are no transaction: {error}")) from error
        check = data_bytes, signed.tx_signatures, signed.transaction_data.signers
        return SubmittedTransaction(raw, digest_of_bytes(data_bytes), check, None, signed)
