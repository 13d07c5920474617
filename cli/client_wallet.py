"""Client commands about the wallet alone: addresses and environments."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from aggregator.http_json import JsonHttp
from aggregator.wallet.client_config import ClientConfig, Environment
from cli import output
from cli.folder_lock import changing
from cli.key_arguments import DerivationPath, Scheme, SortByAlias, WordLength, read_scheme, read_word_count
from cli.session import config_file, load_config
from proto.ids import format_address

app = typer.Typer()


@app.command("active-address")
def active_address() -> None:
    """Print the address in use."""
    output.line(format_address(load_config().active_address))


@app.command("active-env")
def active_env() -> None:
    """Print the environment in use."""
    output.line(load_config().active_environment.alias)


@app.command()
def addresses(sort_by_alias: SortByAlias = False) -> None:
    """List the addresses of the keystore."""
    config = load_config()
    listed = [
        (config.keystore.alias(address), format_address(address)) for address in config.keystore.addresses
    ]
    if sort_by_alias:
        listed.sort()
    active = format_address(config.active_address) if listed else None
    rows = [(alias, text, "*" if text == active else "") for alias, text in listed]
    output.result({"activeAddress": active, "addresses": listed}, rows, ("alias", "address", "active"))


@app.command(
    "new-address", epilog="Examples: movelite client new-address ed25519; ... new-address secp256k1 work"
)
def new_address(
    key_scheme: Scheme,
    alias: Annotated[str | None, typer.Argument(help="A name for it; else one is made.")] = None,
    word_length: WordLength = None,
    derivation_path: DerivationPath = None,
) -> None:
    """Make a key from a new mnemonic and keep it."""
    from proto.crypto import SignatureScheme

    if alias is not None and alias.startswith("m/"):  # which no alias does
        alias, derivation_path = None, alias
    scheme = read_scheme(key_scheme)
    count = read_word_count(word_length)
    if not config_file().exists():
        ClientConfig.create(config_file())
    with changing(lambda: load_config().keystore) as keystore:
        address, words = keystore.generate(scheme, alias, count, derivation_path)
    shown = {
        "alias": keystore.alias(address),
        "address": format_address(address),
        "keyScheme": scheme.name if scheme is SignatureScheme.ED25519 else scheme.name.capitalize(),
        "recoveryPhrase": words,
    }
    output.fields(shown)


@app.command(epilog="Example: movelite client switch --address happy-opal")
def switch(
    address: Annotated[str | None, typer.Option(help="Address or alias of a key of this wallet.")] = None,
    env: Annotated[str | None, typer.Option(help="Alias of an environment: `envs` lists them.")] = None,
) -> None:
    """Use another address or environment."""
    if address is None and env is None:
        raise typer.BadParameter("name an --address or an --env")
    config = load_config()
    shown: dict[str, Any] = {"address": None, "env": None}
    if address is not None:
        found = config.keystore.resolve(address)
        config.switch_address(found)
        shown["address"] = format_address(found)
    if env is not None:
        config.switch_environment(env)
        shown["env"] = env
    output.result(shown, [(name, value) for name, value in shown.items() if value], ("active", ""))


@app.command()
def envs() -> None:
    """List the environments."""
    config = load_config()
    active = config.active_environment.alias
    listed = [environment.as_json() for environment in config.environments]
    rows = [(e["alias"], e["rpc"], e["faucet"] or "", "*" if e["alias"] == active else "") for e in listed]
    output.result([listed, active], rows, ("alias", "rpc", "faucet", "active"))


@app.command("new-env", epilog="Example: movelite client new-env --alias dev --rpc http://host:9000")
def new_env(
    alias: Annotated[str, typer.Option(help="Its name here.")],
    rpc: Annotated[str, typer.Option(help="Like http://127.0.0.1:9000")],
    ws: Annotated[str | None, typer.Option(help="URL of WebSockets; kept for other tools.")] = None,
    basic_auth: Annotated[str | None, typer.Option(help="user:password for the node.")] = None,
    faucet: Annotated[str | None, typer.Option(help="Like http://127.0.0.1:9123/gas")] = None,
) -> None:
    """Add an environment; the first one makes the wallet."""
    for url in filter(None, (rpc, faucet)):
        JsonHttp(url)  # refuses what is no URL
    environment = Environment(alias=alias, rpc=rpc, ws=ws, basic_auth=basic_auth, faucet=faucet)
    path = config_file()
    if path.exists():
        ClientConfig.load(path).put_environment(environment)
    else:
        ClientConfig.create(path, environment)
        output.note(f"made the wallet {path}")
    if output.is_json():
        output.show_json(environment.as_json())
    else:
        output.say(f"added the environment {alias}; `movelite client switch --env {alias}` uses it")
