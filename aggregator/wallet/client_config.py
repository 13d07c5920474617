"""client.yaml of a wallet, in IOTA's form: where the keys are, which networks there are, what is active."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from aggregator.wallet.keystore import Keystore, WalletError, write_private
from proto.ids import Address, format_address, parse_address

MAX_FILE_BYTES = 1 << 20


def config_folder() -> Path:
    """Where configuration lives: $MOVELITE_CONFIG_DIR, or ~/.movelite."""
    return Path(os.environ.get("MOVELITE_CONFIG_DIR") or Path.home() / ".movelite")


class Environment(BaseModel):
    """A network that a wallet can talk to."""

    model_config = ConfigDict(extra="ignore")

    alias: str
    rpc: str
    ws: str | None = None
    basic_auth: str | None = None
    faucet: str | None = None


def _address(value: object) -> object:
    return None if value is None else format_address(parse_address(str(value)))


class _KeystorePlace(BaseModel):
    File: Path


class _File(BaseModel):
    model_config = ConfigDict(extra="ignore")

    keystore: _KeystorePlace
    envs: list[Environment] = []
    active_env: str | None = None
    active_address: Annotated[str | None, BeforeValidator(_address)] = None


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
            content = _File.model_validate(yaml.safe_load(path.read_bytes()))
        except FileNotFoundError as error:
            raise WalletError(
                f"there is no client configuration {path}: `movelite start` makes one for a local network"
            ) from error
        except OSError as error:
            raise WalletError(f"cannot read {path}: {error.strerror}") from error
        except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
            raise WalletError(f"{path} is no YAML: {error}") from error
        except ValidationError as error:
            problems = "; ".join(f"{'.'.join(map(str, p['loc']))}: {p['msg']}" for p in error.errors())
            raise WalletError(f"{path}: {problems}") from error
        return ClientConfig(path, content, Keystore.load(path.parent / content.keystore.File))

    @staticmethod
    def create(path: Path, environment: Environment) -> ClientConfig:
        """A new configuration with one network and an empty keystore beside it."""
        keystore = Keystore(path.parent / "iota.keystore")
        place = _KeystorePlace(File=keystore.path)
        content = _File(keystore=place, envs=[environment], active_env=environment.alias)
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
        raise WalletError(f"no active environment in {self.path}: `movelite client switch --env NAME`")

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
        """Add a network. Raises: WalletError if the alias is taken and replace is not set."""
        taken = any(known.alias == environment.alias for known in self._content.envs)
        if taken and not replace:
            raise WalletError(f"there is an environment {environment.alias!r} already")
        kept = [known for known in self._content.envs if known.alias != environment.alias]
        self._content.envs = [*kept, environment]
        self.save()

    def save(self) -> None:
        """Write client.yaml. Raises: WalletError."""
        shown: dict[str, Any] = self._content.model_dump(mode="json")
        write_private(self.path, yaml.safe_dump(shown, sort_keys=False).rstrip())
