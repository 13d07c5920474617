"""Signed transactions on their way through an authority, read as little as each step needs."""

from __future__ import annotations

from authority.signature_verifier import SignatureCheck
from authority.transaction_input import CheckedInputs
from authority.turns import PIECE_BYTES
from proto.bcs import BcsError
from proto.errors import AuthorityError, MalformedRequest
from proto.ids import SYSTEM_PACKAGE_IDS, Digest
from proto.object import PlainInputs
from proto.transaction import (
    ProgrammableTransaction,
    Publish,
    SenderSignedData,
    TransactionData,
    Upgrade,
    digest_of_bytes,
    split_sender_signed,
)
from proto.transaction_checks import named_packages
from proto.transaction_layout import SIGNATURE, LayoutTable, PlainTransaction

LARGEST_BYTES = 256 * 1024
"""Longer bytes are not even read: no transaction of allowed size has so many, with its signatures."""
PACKAGE_WORK_BYTES = 1024
"""What each package that is named adds to `work_bytes`, since up to 32 packages it links to are looked at."""
REMEMBERED_BYTES = 8192
"""The longest transaction of which its layout and its inputs are kept."""


class SubmittedTransaction:
    """A signed transaction: its bytes, its digest, and what of it was read.

    plain: its fields as its layout gives them; None if the transaction has to be decoded.
    inputs: the objects of a plain transaction once they were checked; valid while these very ones are live.
    checked: the same for one that had to be decoded.
    is_signed: whether its signatures were found good. module_bytes: of the modules that it publishes.
    """

    __slots__ = (
        "_signed",
        "checked",
        "digest",
        "inputs",
        "is_signed",
        "module_bytes",
        "plain",
        "raw",
        "signature_check",
    )

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
        self.inputs: PlainInputs | None = None
        self.checked: CheckedInputs | None = None
        self.is_signed = False
        self.module_bytes = 0 if signed is None else _module_bytes(signed)
        self._signed = signed

    @property
    def signed(self) -> SenderSignedData:
        """The transaction decoded."""
        if self._signed is None:
            self._signed = SenderSignedData.from_bytes(self.raw)
        return self._signed

    def forget_if_long(self) -> None:
        """Keep only the bytes of a long transaction: decoded it may take fifty times as much memory."""
        if len(self.raw) > REMEMBERED_BYTES:
            self._signed = None

    @property
    def work_bytes(self) -> int:
        """The work of the general checks, in bytes that take as long; they have decoded it."""
        size = len(self.raw) + (PIECE_BYTES if self.module_bytes else 0)
        if self._signed is None:
            return size
        kind = self.data.kind
        packages = named_packages(kind) if isinstance(kind, ProgrammableTransaction) else ()
        return size + PACKAGE_WORK_BYTES * len(set(packages) - SYSTEM_PACKAGE_IDS)

    @property
    def data(self) -> TransactionData:
        """What was signed."""
        return self.signed.transaction_data


def _module_bytes(signed: SenderSignedData) -> int:
    kind = signed.transaction_data.kind
    if not isinstance(kind, ProgrammableTransaction):
        return 0
    published = [command for command in kind.commands if isinstance(command, Publish | Upgrade)]
    return sum(len(code) for command in published for code in command.modules)


class TransactionReader:
    """Reads transactions; those of a layout that it has learnt without decoding them."""

    def __init__(self) -> None:
        self._layouts = LayoutTable()

    def read(self, raw: bytes) -> SubmittedTransaction:
        """The transaction in these bytes. Raises: AuthorityError if there is none."""
        if len(raw) > LARGEST_BYTES:
            raise AuthorityError(MalformedRequest(f"{len(raw)} bytes are no transaction"))
        plain = self._layouts.read(raw)
        if plain is not None:
            data_bytes = raw[plain.layout.data]
            check: SignatureCheck = (data_bytes, (raw[SIGNATURE],), (plain.sender,))
            return SubmittedTransaction(raw, digest_of_bytes(data_bytes), check, plain, None)
        try:
            signed, data_bytes = split_sender_signed(raw)
        except BcsError as error:
            raise AuthorityError(MalformedRequest(f"bytes that are no transaction: {error}")) from error
        check = data_bytes, signed.tx_signatures, signed.transaction_data.signers
        submitted = SubmittedTransaction(raw, digest_of_bytes(data_bytes), check, None, signed)
        submitted.forget_if_long()
        return submitted

    def learn(self, submitted: SubmittedTransaction) -> None:
        """Read transactions of the same layout without decoding from now on.

        This one has passed all checks; those of what is the same in all of a layout hold for the others, too.
        """
        if submitted.plain is None and len(submitted.raw) <= REMEMBERED_BYTES:
            self._layouts.learn(submitted.signed)
