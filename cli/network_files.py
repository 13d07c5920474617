"""The folder of a network: genesis, committee, and for each authority its key and configuration.

genesis.blob  committee.json  faucet.key  authority-0/authority.yaml  authority-0/authority.key  ...
"""

from __future__ import annotations

import fcntl
import re
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from aggregator.network import GenesisTotals, Member, Network
from aggregator.wallet.keystore import write_private
from authority.config import AuthorityConfig, save_config
from authority.execution.engine import Executor
from authority.genesis import (
    FrameworkPackage,
    Genesis,
    GenesisAccount,
    GenesisAuthority,
    build_genesis,
    check_members,
)
from cli.folder_lock import locked
from movelite.facade import ledger_runtime
from movelite.package.build import framework_modules
from proto.committee import AuthorityName
from proto.crypto import Ed25519KeyPair, KeyPair, address_of
from proto.ids import (
    IOTA_FRAMEWORK_ADDRESS,
    IOTA_SYSTEM_ADDRESS,
    STARDUST_ADDRESS,
    STD_ADDRESS,
    Address,
    Digest,
)
from proto.key_text import decode_private_key, encode_private_key, generate_key_pair
from proto.object import MovePackage
from proto.protocol_config import PROTOCOL_CONFIG
from proto.rpc.client import TLS_SCHEME

GENESIS, COMMITTEE, FAUCET_KEY = "genesis.blob", "committee.json", "faucet.key"
AUTHORITY_CONFIG, AUTHORITY_KEY, DATA = "authority.yaml", "authority.key", "data"

REFERENCE_GAS_PRICE = 1000
STAKE = 2500
FRAMES_OFFSET = 200
"""The port for frames is by default the one for gRPC and this."""
FAUCET_COINS = (10**18,) * 4
"""Nanos: four billion IOTA, of which the faucet gives away."""


class NetworkFolderError(Exception):
    """A folder that holds no network, or one that would be overwritten."""


@dataclass(frozen=True, slots=True)
class PlannedAuthority:
    """An authority to be made.

    address: host:port where others reach it, after https:// with TLS; listen: host:port where it listens;
    listen_frames: host:port where it takes votes and certificates in frames, if it does; metrics: host:port
    for its operators, if any.
    """

    name: str
    address: str
    listen: str
    metrics: str | None = None
    listen_frames: str | None = None

    @property
    def is_tls(self) -> bool:
        """Whether it speaks TLS."""
        return self.address.startswith(TLS_SCHEME)


def framework_packages() -> list[FrameworkPackage]:
    """The framework as genesis publishes it, dependencies first."""
    modules: dict[Address, list[bytes]] = {}
    for module in framework_modules(("MoveStdlib", "Iota", "IotaSystem", "Stardust")):
        modules.setdefault(Address(module.address), []).append(module.bytecode)
    dependencies: dict[Address, tuple[Address, ...]] = {
        STD_ADDRESS: (),
        IOTA_FRAMEWORK_ADDRESS: (STD_ADDRESS,),
        IOTA_SYSTEM_ADDRESS: (STD_ADDRESS, IOTA_FRAMEWORK_ADDRESS),
        STARDUST_ADDRESS: (STD_ADDRESS, IOTA_FRAMEWORK_ADDRESS),
    }
    return [FrameworkPackage(id_, tuple(modules[id_]), needs) for id_, needs in dependencies.items()]


def make_genesis(
    authorities: Sequence[GenesisAuthority],
    accounts: Sequence[GenesisAccount],
    timestamp_ms: int | None = None,
) -> Genesis:
    """The first state of a network; timestamp_ms: when it begins, by default now. Raises: InvalidMembers."""
    check_members(authorities)
    begin = int(time.time() * 1000) if timestamp_ms is None else timestamp_ms
    executor = Executor(ledger_runtime(), PROTOCOL_CONFIG, 0, begin)
    return build_genesis(executor, framework_packages(), authorities, accounts, REFERENCE_GAS_PRICE)


def network_of(genesis: Genesis) -> Network:
    """What clients need to know of a network."""
    members = tuple(
        Member(name=a.name, public_key=a.public_key, stake=a.stake, address=a.address)
        for a in genesis.authorities
    )
    totals = GenesisTotals(
        supply=sum(value.coin_value or 0 for value in genesis.objects if value.is_gas_coin),
        objects=len(genesis.objects),
        packages=sum(isinstance(value.data, MovePackage) for value in genesis.objects),
    )
    return Network(chain=Digest(genesis.digest()), members=members, genesis=totals)


def frames_beside(listen: str) -> str:
    """Where an authority takes frames by default, when it listens at host:port."""
    host, _, port = listen.rpartition(":")
    number = int(port)
    return f"{host}:{number + FRAMES_OFFSET if number + FRAMES_OFFSET < 65536 else number - FRAMES_OFFSET}"


def write_network(folder: Path, genesis: Genesis) -> Network:
    """Write genesis.blob and committee.json."""
    folder.mkdir(parents=True, exist_ok=True)
    network = network_of(genesis)
    genesis.save(folder / GENESIS)
    network.save(folder / COMMITTEE)
    return network


def make_network(
    folder: Path, planned: Sequence[PlannedAuthority], accounts: Sequence[GenesisAccount] = ()
) -> Network:
    """Make a whole network: keys, configurations, genesis with an account for the faucet."""
    members = []
    for plan in planned:
        key = write_authority(folder / plan.name, plan, Path("..") / GENESIS)
        members.append(GenesisAuthority(plan.name, AuthorityName(key.public_key), STAKE, plan.address))
    faucet = make_faucet_account(folder)
    return write_network(folder, make_genesis(members, [faucet, *accounts]))


def make_faucet_account(folder: Path) -> GenesisAccount:
    """An account for the faucet, whose key is written into the folder."""
    faucet = generate_key_pair()
    folder.mkdir(parents=True, exist_ok=True)
    write_private(folder / FAUCET_KEY, encode_private_key(faucet))
    return GenesisAccount(address_of(faucet.scheme, faucet.public_key), FAUCET_COINS)


def write_authority(
    folder: Path, plan: PlannedAuthority, genesis: Path, data_dir: Path = Path(DATA)
) -> KeyPair:
    """Write the key and the configuration of an authority; the key. Relative paths begin at folder."""
    key = Ed25519KeyPair.from_seed(generate_key_pair().secret)
    config = AuthorityConfig(
        name=plan.name,
        genesis=genesis,
        key_file=Path(AUTHORITY_KEY),
        data_dir=data_dir,
        listen=plan.listen,
        listen_frames=plan.listen_frames,
        metrics=plan.metrics,
        tls=plan.is_tls,
    )
    (folder / data_dir).mkdir(parents=True, exist_ok=True)
    save_config(config, folder / AUTHORITY_CONFIG)
    write_private(folder / AUTHORITY_KEY, encode_private_key(key))
    return key


def read_faucet_key(folder: Path) -> KeyPair:
    """The key of the faucet's account. Raises: NetworkFolderError, InvalidKey."""
    path = folder / FAUCET_KEY
    try:
        return decode_private_key(path.read_text().strip())
    except OSError as error:
        raise NetworkFolderError(
            f"cannot read the key of the faucet {path}: {error.strerror}; `movelite genesis` makes one, with "
            "--authority-info only if --faucet is given"
        ) from error


def is_network(folder: Path) -> bool:
    """Whether a folder holds a network."""
    return (folder / GENESIS).is_file() and (folder / COMMITTEE).is_file()


def check_is_free(folder: Path) -> None:
    """See that a network may be made in a folder: it is empty, or has what was left when one was being made.

    Raises: NetworkFolderError.
    """
    ours = re.compile(
        rf"service|authority-\d+|{re.escape(GENESIS)}|{re.escape(COMMITTEE)}|{re.escape(FAUCET_KEY)}"
    )
    if any(not ours.fullmatch(path.name) for path in folder.iterdir()):
        raise NetworkFolderError(f"{folder} holds no network and is not empty: it stays as it is")


def remove_network(folder: Path) -> None:
    """Remove what make_network and the processes wrote; other files stay.

    Raises: NetworkFolderError if that is no network, or one of its authorities runs.
    """
    if not is_network(folder):
        if folder.exists() and any(folder.iterdir()):
            raise NetworkFolderError(f"{folder} holds no network and is not empty: it stays as it is")
        return
    for path in authority_folders(folder):
        if _is_in_use(path / DATA / "LOCK"):
            raise NetworkFolderError(f"the authority in {path} runs: stop it first; all that it has will go")
    for name in (GENESIS, COMMITTEE, FAUCET_KEY):
        (folder / name).unlink(missing_ok=True)
    for path in [*folder.glob("authority-*"), folder / "service"]:
        shutil.rmtree(path, ignore_errors=True)


def _is_in_use(database_lock: Path) -> bool:
    """Whether another process has the database whose file this is."""
    try:
        with database_lock.open("r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


@contextmanager
def held(folder: Path, what_runs: str) -> Iterator[None]:
    """Keep a folder for one process. what_runs: there, if another has it. Raises: NetworkFolderError."""
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(folder, waits=False))
        except BlockingIOError as error:
            text = f"{what_runs} {folder} runs already; --data-dir is for others"
            raise NetworkFolderError(text) from error
        yield


def authority_folders(folder: Path) -> list[Path]:
    """Folders of the authorities, in order."""
    found = [path.parent for path in folder.glob(f"authority-*/{AUTHORITY_CONFIG}")]
    return sorted(found, key=lambda path: (len(path.name), path.name))
