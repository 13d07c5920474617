"""The YAML configuration of one authority."""

from __future__ import annotations

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

MAX_CONFIG_BYTES = 1 << 20


_PLACE = re.compile(r"(\[[0-9A-Fa-f:.]+(%\w+)?\]|[^\s/:\[\]]+):(?P<port>[0-9]{1,5})", re.ASCII)

_WORDS = {"extra_forbidden": "there is no such setting", "missing": "is missing", "model_type": "no settings"}
"""What problems are called here; others have words of their own."""


class ConfigError(Exception):
    """A configuration that cannot be used; the text says which field and why."""


class Limits(BaseModel):
    """Bounds that protect an authority from its callers. A kilobyte of requests is some three transfers."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    max_batch: Annotated[int, Field(ge=1, le=4096)] = 512
    """Transactions or certificates in one request."""
    max_message_bytes: Annotated[int, Field(ge=1 << 16, le=1 << 28)] = 8 << 20
    """Bytes of one request; more than 8 MiB are read from nobody."""
    max_requests_in_flight: Annotated[int, Field(ge=1, le=65536)] = 2048
    """Requests open at once, of all clients together."""
    max_connections: Annotated[int, Field(ge=1, le=65536)] = 1024
    """Connections at once, at each port; more are closed as they come."""
    max_requests_per_connection: Annotated[int, Field(ge=1, le=65536)] = 512
    """Requests open at once on one connection; a client's library queues what is beyond it."""
    max_running_kilobytes: Annotated[int, Field(ge=1)] = 256
    """Requests worked on at once, in each lane; reads wait for no more than that. Simulations run alone."""
    max_waiting_requests: Annotated[int, Field(ge=1)] = 1024
    """Requests that wait, in each lane; who comes then is told when to come back."""
    max_waiting_kilobytes: Annotated[int, Field(ge=1)] = 4096
    """Kilobytes of requests that wait, in each lane."""
    client_open_requests: Annotated[int, Field(ge=1)] = 1024
    """Requests that one client (an IP address, or an IPv6 network of 64 bits) may have open."""
    client_connections: Annotated[int, Field(ge=1, le=65536)] = 128
    """gRPC connections of one client; the newest beyond that are closed."""
    client_conversations: Annotated[int, Field(ge=1)] = 64
    """Connections to listen_frames of one client; its library needs one."""
    client_write_kilobytes_per_second: Annotated[int, Field(ge=1)] = 16384
    """What one client may send of transactions, certificates and simulations."""
    client_read_kilobytes_per_second: Annotated[int, Field(ge=1)] = 4096
    """What one client may send of reads; each counts a kilobyte begun, and one for every 16 of the answer."""
    idle_seconds: Annotated[int, Field(ge=1)] = 300
    """After so long without a request a connection is closed."""


def host_and_port(text: str) -> str:
    """The text, if that is what it is. Raises: ValueError."""
    found = _PLACE.fullmatch(text)
    if found is None or not 0 < int(found["port"]) < 65536:
        raise ValueError(f"{text} is not host:port, such as 0.0.0.0:9200 or [::]:9200")
    return text


HostAndPort = Annotated[str, AfterValidator(host_and_port)]


class AuthorityConfig(BaseModel):
    """One authority: its key, its genesis, where it listens and where it keeps its data.

    Relative paths are relative to the directory of the configuration file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=64)]
    genesis: Path
    key_file: Path
    data_dir: Path
    listen: HostAndPort
    """host:port for the authority's clients and peers: gRPC."""
    listen_frames: HostAndPort | None = None
    """host:port for votes and certificates in frames, a third of the time that gRPC takes for them. Clients
    learn the port by gRPC, and do with that where this one is not there or cannot be reached.
    """
    frames_port_outside: Annotated[int, Field(ge=1, le=65535)] | None = None
    """The port that clients are told for listen_frames, where something on the way maps it to another one."""
    metrics: HostAndPort | None = None
    """host:port for /metrics, /health and /ready; not for the public."""
    tls: bool = False
    """Whether to speak TLS, with a certificate by the authority's key; clients then use https://host:port."""
    verifier_processes: Annotated[int, Field(ge=0, le=64)] = 1
    """Worker processes that check user signatures; 0 checks them in the main process."""
    simulation_process: bool = True
    """Whether dry runs and dev-inspect run in a process of their own, and transactions that take long in
    another; they begin with the first of each. If not, everybody else waits while one runs.
    """
    limits: Limits = Limits()

    @model_validator(mode="after")
    def _have_places_of_their_own(self) -> AuthorityConfig:
        places = [place for place in (self.listen, self.listen_frames, self.metrics) if place is not None]
        if len(set(places)) < len(places):
            raise ValueError("listen, listen_frames and metrics need a port each")
        return self


class _Loader(yaml.SafeLoader):
    """YAML in which no name stands twice: of two lines one would be without effect."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """A mapping. Raises: yaml.YAMLError."""
        names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
        if twice is not None:
            raise yaml.constructor.ConstructorError(None, None, f"{twice} stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


def load_config(path: Path) -> AuthorityConfig:
    """Read a configuration file.

    Raises: ConfigError, naming the file, the field and what is wrong with it.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read the configuration {path}: {error.strerror}") from error
    if len(text) > MAX_CONFIG_BYTES:
        raise ConfigError(f"{path} is larger than {MAX_CONFIG_BYTES} bytes: no configuration")
    try:
        config = AuthorityConfig.model_validate(yaml.load(text, _Loader))
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc']) or 'file'}: "
            + _WORDS.get(problem["type"], problem["msg"].removeprefix("Value error, "))
            for problem in error.errors()
        )
        raise ConfigError(f"{path}: {problems}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path} is no YAML: {error}") from error
    return _resolve(config, path.resolve().parent)


def save_config(config: AuthorityConfig, path: Path) -> None:
    """Write a configuration file, with what each limit means beside it."""
    shown = config.model_dump(mode="json", exclude_none=True)
    limits = shown.pop("limits")
    lines = [yaml.safe_dump(shown, sort_keys=False), "limits:\n"]
    for name, value in limits.items():
        lines.append(f"  # {Limits.model_fields[name].description}\n  {name}: {value}\n")
    path.write_text("".join(lines))


def _resolve(config: AuthorityConfig, base: Path) -> AuthorityConfig:
    paths = {name: base / getattr(config, name) for name in ("genesis", "key_file", "data_dir")}
    return config.model_copy(update=paths)
