"""client.yaml of a wallet, in IOTA's form: where the keys are, which networks there are, what is active."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

from aggregator.wallet.keystore import Keystore, WalletError, write_private
from proto.ids import Address, InvalidAddress, format_address, parse_address

MAX_FILE_BYTES = 1 << 20
MAX_TIMEOUT_SECONDS = 3600

_FAUCETS = {
    "http://127.0.0.1:9000": "http://127.0.0.1:9123/gas",
    "http://0.0.0.0:9000": "http://127.0.0.1:9123/gas",
    "http://localhost:9000": "http://localhost:9123/gas",
    "https://api.devnet.iota.cafe": "https://faucet.devnet.iota.cafe/v1/gas",
    "https://api.testnet.iota.cafe": "https://faucet.testnet.iota.cafe/v1/gas",
}
"""Faucets of services that everybody knows: environments do not have to name them."""


def config_folder() -> Path:
    """Where configuration lives: $MOVELITE_CONFIG_DIR, or ~/.movelite."""
    return Path(os.environ.get("MOVELITE_CONFIG_DIR") or Path.home() / ".movelite")


@dataclass(frozen=True)
class Environment:
    """A network that a wallet can talk to. basic_auth: user:password; timeout_seconds: for an answer."""

    alias: str
    rpc: str
    ws: str | None = None
    basic_auth: str | None = None
    faucet: str | None = None
    timeout_seconds: float | None = None

    @property
    def faucet_url(self) -> str | None:
        """The faucet that it names, or the one that its service is known to have."""
        return self.faucet or _FAUCETS.get(self.rpc.rstrip("/").removesuffix(":443"))

    def as_json(self) -> dict[str, Any]:
        """Its fields as in client.yaml."""
        shown = asdict(self)
        if self.timeout_seconds is None:
            del shown["timeout_seconds"]
        return shown


@dataclass
class _File:
    """What client.yaml says."""

    keystore: Path
    envs: list[Environment] = field(default_factory=list)
    active_env: str | None = None
    active_address: str | None = None

    def as_yaml(self) -> str:
        shown = {
            "keystore": {"File": str(self.keystore)},
            "envs": [environment.as_json() for environment in self.envs],
            "active_env": self.active_env,
            "active_address": self.active_address,
        }
        return yaml.safe_dump(shown, sort_keys=False).rstrip()


class _Malformed(ValueError):
    """A part of client.yaml that is not what it should be."""


def _read_file(content: object) -> _File:
    """Read client.yaml; keys that are not known are passed over. Raises: _Malformed."""
    place = content.get("keystore") if isinstance(content, dict) else None
    keystore = place.get("File") if isinstance(place, dict) else None
    if not isinstance(content, dict) or not isinstance(keystore, str):
        raise _Malformed("keystore: {File: path} is missing")
    envs = content.get("envs") or []
    if not isinstance(envs, list):
        raise _Malformed("envs is no list")
    address = content.get("active_address")
    try:
        address = None if address is None else format_address(parse_address(str(address)))
    except InvalidAddress as error:
        raise _Malformed(f"active_address: {error}") from error
    return _File(Path(keystore), list(map(_environment, envs)), _text(content, "active_env"), address)


def _environment(entry: object) -> Environment:
    if not isinstance(entry, dict):
        raise _Malformed("envs has an entry that is no mapping")
    names = (f.name for f in fields(Environment) if f.name != "timeout_seconds")
    values = {name: _text(entry, name) for name in names}
    alias, rpc = values.pop("alias"), values.pop("rpc")
    if alias is None or rpc is None:
        raise _Malformed("envs: an entry lacks its alias or rpc")
    return Environment(alias, rpc, **values, timeout_seconds=_seconds(entry))


def _seconds(entry: dict[Any, Any]) -> float | None:
    seconds = entry.get("timeout_seconds")
    if seconds is None:
        return None
    if type(seconds) not in (int, float) or not 0 < seconds <= MAX_TIMEOUT_SECONDS:
        raise _Malformed(f"timeout_seconds is no number of seconds up to {MAX_TIMEOUT_SECONDS}")
    return float(seconds)


def _text(content: dict[Any, Any], name: str) -> str | None:
    value = content.get(name)
    if value is not None and not isinstance(value, str):
        raise _Malformed(f"{name} is no text")
    return value


class ClientConfig:
    """A wallet's configuration with its keystore."""

    def __init__(self, path: Path, content: _File, keystore: Keystore) -> None:
        self.path = path
        self.keystore = keystore
        self._content = content

    @staticmethod
    def load(path: Path) -> ClientConfig:
        """Read client.yaml and the keystore that it names.

        Raises: WalletError, naming the file and what is wrong.
        """
        try:
            if path.stat().st_size > MAX_FILE_BYTES:
                raise WalletError(f"{path} is too large for a configuration")
            content = _read_file(yaml.safe_load(path.read_bytes()))
        except FileNotFoundError as error:
            raise WalletError(
                f"there is no client configuration {path}: `movelite start` makes one for a local network, "
                "and `movelite client new-env --alias NAME --rpc URL` one for any"
            ) from error
        except OSError as error:
            raise WalletError(f"cannot read {path}: {error.strerror}") from error
        except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
            raise WalletError(f"{path} is no YAML: {error}") from error
        except _Malformed as error:
            raise WalletError(f"{path}: {error}") from error
        return ClientConfig(path, content, Keystore.load(path.parent / content.keystore))

    @staticmethod
    def create(path: Path, environment: Environment | None = None) -> ClientConfig:
        """A new configuration with one network, or none yet, and beside it the keystore.

        Raises: WalletError.
        """
        keystore = Keystore(path.parent / "iota.keystore")
        known = [] if environment is None else [environment]
        content = _File(keystore.path, known, None if environment is None else environment.alias)
        config = ClientConfig(path, content, Keystore.load(keystore.path))
        config.save()
        return config

    @property
    def environments(self) -> tuple[Environment, ...]:
        """Networks in the order of the file."""
        return tuple(self._content.envs)

    @property
    def active_environment(self) -> Environment:
        """The network in use. Raises: WalletError."""
        for environment in self._content.envs:
            if environment.alias == self._content.active_env:
                return environment
        how = "switch --env NAME" if self._content.envs else "new-env --alias NAME --rpc URL"
        raise WalletError(f"no active environment in {self.path}: `movelite client {how}`")

    @property
    def active_address(self) -> Address:
        """The address in use. Raises: WalletError."""
        if self._content.active_address is not None:
            return parse_address(self._content.active_address)
        if self.keystore.addresses:
            return self.keystore.addresses[0]
        raise WalletError("there is no address yet: `movelite client new-address ed25519`")

    def switch_address(self, address: Address) -> None:
        """Use another address of the keystore. Raises: WalletError."""
        self.keystore.key(address)
        self._content.active_address = format_address(address)
        self.save()

    def switch_environment(self, alias: str) -> None:
        """Use another network. Raises: WalletError."""
        if all(environment.alias != alias for environment in self._content.envs):
            known = ", ".join(environment.alias for environment in self._content.envs)
            raise WalletError(f"there is no environment {alias!r} (there are: {known})")
        self._content.active_env = alias
        self.save()

    def put_environment(self, environment: Environment, replace: bool = False) -> None:
        """Add a network; the first one is used from now on.

        Raises: WalletError if the alias is taken and replace is not set.
        """
        taken = [known.rpc for known in self._content.envs if known.alias == environment.alias]
        if taken and not replace:
            hint = f"`movelite client switch --env {environment.alias}` uses it"
            raise WalletError(f"there is an environment {environment.alias!r} already, of {taken[0]}: {hint}")
        kept = [known for known in self._content.envs if known.alias != environment.alias]
        self._content.envs = [*kept, environment]
        self._content.active_env = self._content.active_env or environment.alias
        self.save()

    def save(self) -> None:
        """Write client.yaml. Raises: WalletError."""
        write_private(self.path, self._content.as_yaml())
