"""A small ledger for tests: our framework at genesis, authorities in this process, accounts with coins."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from authority.execution.engine import Executor
from authority.genesis import FrameworkPackage, Genesis, GenesisAccount, GenesisAuthority, build_genesis
from authority.key_value import KeyValueStore, MemoryKeyValueStore
from authority.signature_verifier import InlineVerifier
from authority.state import AuthorityState
from authority.store import AuthorityStore
from movelite.facade import ledger_runtime
from movelite.package.build import framework_modules
from movelite.vm.runtime import MoveRuntime
from proto.committee import AuthorityName, Committee
from proto.crypto import Ed25519KeyPair, SignatureScheme, address_of
from proto.ids import IOTA_FRAMEWORK_ADDRESS, STD_ADDRESS, Address
from proto.messages import (
    CertificateBatch,
    CertificatesRequest,
    CertificatesResponse,
    TransactionBatch,
    WholeTransaction,
    accepting_votes,
)
from proto.object import AddressOwner, Object
from proto.protocol_config import PROTOCOL_CONFIG
from proto.transaction import (
    CallArg,
    Command,
    GasData,
    ImmOrOwnedObject,
    Input,
    ObjectInput,
    ProgrammableTransaction,
    SenderSignedData,
    TransactionData,
    TransferObjects,
    pure,
)
from proto.user_signature import sign_transaction

REFERENCE_GAS_PRICE = 1000
BUDGET = 50_000_000
COIN_BALANCE = 10**12
COINS_PER_ACCOUNT = 8


@lru_cache(maxsize=1)
def framework() -> tuple[FrameworkPackage, ...]:
    """Our framework, compiled."""
    modules = framework_modules(("MoveStdlib", "Iota"))
    packages = []
    for package_id, dependencies in ((STD_ADDRESS, ()), (IOTA_FRAMEWORK_ADDRESS, (STD_ADDRESS,))):
        codes = tuple(module.bytecode for module in modules if module.address == package_id)
        packages.append(FrameworkPackage(package_id, codes, dependencies))
    return tuple(packages)


@lru_cache(maxsize=1)
def shared_runtime() -> MoveRuntime:
    """One runtime for all executors of a test process; it holds nothing but verified code."""
    return ledger_runtime()


def new_executor() -> Executor:
    """An executor of epoch 0."""
    return Executor(shared_runtime(), PROTOCOL_CONFIG, 0, 0)


@dataclass(frozen=True, slots=True)
class Account:
    """A user with an Ed25519 key."""

    key: Ed25519KeyPair

    @property
    def address(self) -> Address:
        """The user's address."""
        return address_of(SignatureScheme.ED25519, self.key.public_key)

    def sign(self, data: TransactionData) -> SenderSignedData:
        """The transaction with this user's signature."""
        return SenderSignedData(data, (sign_transaction(self.key, data),))


ALICE = Account(Ed25519KeyPair.from_seed(b"alice".ljust(32, b"\0")))
BOB = Account(Ed25519KeyPair.from_seed(b"bob".ljust(32, b"\0")))
AUTHORITY_KEYS = tuple(Ed25519KeyPair.from_seed(bytes([number]) * 32) for number in range(1, 5))


@lru_cache(maxsize=1)
def small_genesis() -> Genesis:
    """Four authorities of equal stake; Alice and Bob have eight coins each."""
    authorities = [
        GenesisAuthority(
            f"authority-{number}", AuthorityName(key.public_key), 1, f"127.0.0.1:{9000 + number}"
        )
        for number, key in enumerate(AUTHORITY_KEYS)
    ]
    accounts = [GenesisAccount(user.address, (COIN_BALANCE,) * COINS_PER_ACCOUNT) for user in (ALICE, BOB)]
    return build_genesis(new_executor(), framework(), authorities, accounts, REFERENCE_GAS_PRICE)


def new_authority(number: int = 0, key_value: KeyValueStore | None = None) -> AuthorityState:
    """One of the four authorities, at genesis unless its store has gone on."""
    genesis = small_genesis()
    store = AuthorityStore(key_value or MemoryKeyValueStore())
    if store.genesis_digest is None:
        unit = store.begin()
        unit.add_objects(genesis.objects)
        unit.add_genesis(genesis.digest())
        unit.commit()
    return AuthorityState(
        key=AUTHORITY_KEYS[number],
        committee=genesis.committee(),
        store=store,
        executor=new_executor(),
        verifier=InlineVerifier(),
        reference_gas_price=REFERENCE_GAS_PRICE,
        max_batch=100,
    )


def coins_of(user: Account, authority: AuthorityState) -> list[Object]:
    """The user's gas coins as the authority has them, ascending by id."""
    owned = [value for value in small_genesis().objects if value.is_gas_coin]
    live = [authority.store.get_object(value.object_id) for value in owned]
    return [value for value in live if value is not None and value.owner == AddressOwner(user.address)]


def build_transaction(
    user: Account,
    gas: Object,
    inputs: tuple[CallArg, ...],
    commands: tuple[Command, ...],
    budget: int = BUDGET,
    price: int = REFERENCE_GAS_PRICE,
) -> SenderSignedData:
    """A signed programmable transaction."""
    kind = ProgrammableTransaction(inputs, commands)
    gas_data = GasData((gas.reference(),), user.address, price, budget)
    return user.sign(TransactionData(kind, user.address, gas_data))


def build_transfer(user: Account, gas: Object, value: Object, recipient: Address) -> SenderSignedData:
    """A signed transfer of one object."""
    inputs = (ObjectInput(ImmOrOwnedObject(value.reference())), pure(Address, recipient))
    return build_transaction(user, gas, inputs, (TransferObjects((Input(0),), Input(1)),))


async def certify(authorities: list[AuthorityState], *transactions: SenderSignedData) -> CertificateBatch:
    """The certificate batch that these authorities make of a batch of good transactions."""
    raw = tuple(transaction.to_bytes() for transaction in transactions)
    votes = [await authority.submit_transactions(TransactionBatch(raw)) for authority in authorities]
    committee: Committee = authorities[0].committee
    entries = tuple(WholeTransaction(data) for data in raw)
    return CertificateBatch(committee.epoch, entries, accepting_votes(votes, committee))


async def execute(
    authorities: list[AuthorityState], *transactions: SenderSignedData
) -> list[CertificatesResponse]:
    """Certify transactions with the first three authorities and execute them on all."""
    batch = await certify(authorities[:3], *transactions)
    return [await authority.submit_certificates(CertificatesRequest(batch)) for authority in authorities]
