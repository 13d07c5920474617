"""Runs the ledger's test files: publish, run, programmable, upgrade, view-object and the rest.

Source: iota-transactional-test-runner, test_adapter (what the commands mean and print).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from authority.execution.errors import ExecutionError
from authority.simulation import dev_inspect
from movelite.bytecode.file_format import CompiledModule
from movelite.bytecode.reader import deserialize_module
from movelite.bytecode.writer import serialize_module
from movelite.compiler.editions import Flavor
from movelite.vm.values import deserialize
from proto.errors import UserInputError
from proto.execution_status import ExecutionFailureStatus, Failure
from proto.ids import (
    BRIDGE_ADDRESS,
    CLOCK_ID,
    DENY_LIST_ID,
    IOTA_FRAMEWORK_ADDRESS,
    IOTA_SYSTEM_ADDRESS,
    RANDOMNESS_STATE_ID,
    STARDUST_ADDRESS,
    STD_ADDRESS,
    SYSTEM_STATE_ID,
    Address,
    ObjectID,
)
from proto.object import Object, package_digest
from proto.protocol_config import PROTOCOL_CONFIG
from proto.rust_text import rust_debug, rust_display
from proto.transaction import (
    GasData,
    Input,
    MoveCall,
    ProgrammableTransaction,
    Publish,
    TransactionData,
    TransferObjects,
    Upgrade,
)
from proto.type_tag import TypeTag, parse_type_tag
from proto.user_input_error import UserInputErrorKind
from tests.conformance.transactional.directives import DirectiveError, Task
from tests.conformance.transactional.ledger.accounts import Account, make_accounts
from tests.conformance.transactional.ledger.arguments import (
    NamedObject,
    TransactionBuilder,
    parse_input,
    parse_object_name,
)
from tests.conformance.transactional.ledger.commands import CommandParser
from tests.conformance.transactional.ledger.compiler import TestCompiler, TestPackage
from tests.conformance.transactional.ledger.contents import render_contents
from tests.conformance.transactional.ledger.error_text import debug_vm_error
from tests.conformance.transactional.ledger.names import FakeId, ObjectNames
from tests.conformance.transactional.ledger.summary import Summary, TieBreaker, render_owner, summarize
from tests.conformance.transactional.options import MANY, ONE, SWITCH, Options, parse_options
from tests.conformance.transactional.runner import Outcome, TaskError
from tests.conformance.transactional.values import parse_named_address, resolve_type_names
from tests.support.memory_ledger import LedgerTemplate

DEFAULT_GAS_BUDGET = 5_000_000_000
DEFAULT_GAS_PRICE = 1000
REFERENCE_GAS_PRICE = 500

STANDARD_IDS = (ObjectID(STD_ADDRESS), ObjectID(IOTA_FRAMEWORK_ADDRESS))
WELL_KNOWN = (
    *STANDARD_IDS,
    ObjectID(IOTA_SYSTEM_ADDRESS),
    ObjectID(STARDUST_ADDRESS),
    SYSTEM_STATE_ID,
    CLOCK_ID,
    DENY_LIST_ID,
    RANDOMNESS_STATE_ID,
)
_NAMES = {
    "std": STD_ADDRESS,
    "iota": IOTA_FRAMEWORK_ADDRESS,
    "iota_system": IOTA_SYSTEM_ADDRESS,
    "bridge": BRIDGE_ADDRESS,
    "stardust": STARDUST_ADDRESS,
}
_POLICIES = {"compatible": 0, "additive": 128, "dep_only": 192}

_INIT = {
    "addresses": MANY,
    "accounts": MANY,
    "protocol-version": ONE,
    "max-gas": ONE,
    "move-binary-format-version": ONE,
    "flavor": ONE,
}
_GAS = {"sender": ONE, "gas-budget": ONE, "gas-price": ONE}
_PUBLISH = _GAS | {"upgradeable": SWITCH, "dependencies": MANY, "syntax": ONE}
_RUN = _GAS | {"args": MANY, "type-args": MANY, "summarize": SWITCH, "syntax": ONE}
_PROGRAMMABLE = _GAS | {"inputs": MANY, "dev-inspect": SWITCH}
_UPGRADE = _GAS | {
    "package": ONE,
    "upgrade-capability": ONE,
    "dependencies": MANY,
    "policy": ONE,
    "syntax": ONE,
}
_TRANSFER = _GAS | {"recipient": ONE}


@dataclass(frozen=True, slots=True)
class _Staged:
    package: TestPackage
    codes: tuple[bytes, ...]
    digest: bytes


@dataclass
class LedgerAdapter:
    """One ledger for one file. tie_breaker decides the order of new objects that their types leave open."""

    path: Path
    template: LedgerTemplate
    make_compiler: Callable[[Flavor], TestCompiler]
    tie_breaker: TieBreaker = field(default_factory=TieBreaker)

    def initialize(self, task: Task | None) -> str | None:
        """Accounts with a gas coin each, and named addresses."""
        options = parse_options(task.words[1:] if task else (), _INIT)
        self.accounts = make_accounts(options.many("accounts"))
        config = PROTOCOL_CONFIG
        if (max_gas := options.one("max-gas")) is not None:
            config = replace(config, max_tx_gas=int(max_gas))
        if (version := options.one("move-binary-format-version")) is not None:
            config = replace(config, move_binary_format_version=int(version))
        coins = [account.coin for account in self.accounts.values()]
        self.ledger = self.template.ledger(coins, config, REFERENCE_GAS_PRICE)
        self.addresses: dict[str, bytes] = dict(_NAMES)
        for assignment in options.many("addresses"):
            name, _, address = assignment.partition("=")
            self.addresses[name] = parse_named_address(address, {})
        named = {name: account for name, account in self.accounts.items() if name}
        self.addresses |= {name: account.address for name, account in named.items()}
        self.names = ObjectNames(WELL_KNOWN, self.addresses)
        for coin in coins:
            self.names.add(coin.object_id)
        self.compiler = self.make_compiler(Flavor.parse(options.one("flavor") or "iota"))
        self.staged: dict[str, _Staged] = {}
        self.original_names: dict[str, str] = {}
        if not named:
            return None
        return ", ".join(
            f"{name}: object({self.names.text(a.coin.object_id)[7:-1]})" for name, a in named.items()
        )

    def handle(self, task: Task) -> Outcome:
        """Run one task; the text of an error has names for addresses."""
        try:
            return Outcome(self._handle(task), 1)
        except TaskError as error:
            addresses = {name: account.address for name, account in self.accounts.items() if name}
            raise TaskError(self.names.replace_in_error(str(error), addresses)) from error

    def _handle(self, task: Task) -> str | None:
        words = task.words[1:]
        match task.name:
            case "publish":
                return self._publish(task, parse_options(words, _PUBLISH))
            case "run" | "bench":
                output = self._run(parse_options(words, _RUN))
                return output if task.name == "run" else None
            case "programmable":
                return self._programmable(task, parse_options(words, _PROGRAMMABLE))
            case "upgrade":
                return self._upgrade(task, parse_options(words, _UPGRADE))
            case "view-object":
                return self._view_object(words)
            case "transfer-object":
                return self._transfer_object(parse_options(words, _TRANSFER))
            case "stage-package":
                self._stage_package(task, parse_options(words, _PUBLISH))
                return None
            case "set-address":
                self._set_address(words[0], " ".join(words[1:]))
                return None
            case "advance-epoch":
                self.names.begin_task()
                for _ in range(int(words[0]) if words else 1):
                    self.ledger.advance_epoch()
                return f"Epoch advanced: {self.ledger.executor.epoch}"
            case name:
                raise DirectiveError(f"unknown command {name}")

    # Packages

    def _publish(self, task: Task, options: Options) -> str:
        package = self._compile(task, options)
        self.names.begin_task()
        codes = _codes(package)
        dependencies = (*self._package_ids(options.many("dependencies")), *STANDARD_IDS)
        builder = self._builder()
        cap = builder.command(Publish(codes, dependencies))
        sender = self._account(options.one("sender"))
        if "upgradeable" in options:
            builder.command(TransferObjects((cap,), builder.pure(sender.address)))
        else:
            builder.command(MoveCall(STANDARD_IDS[1], "package", "make_immutable", (), (cap,)))
        summary = self._execute(builder.build(), options)
        self._bind_new_package(summary, package)
        return summary.text(self.names)

    def _bind_new_package(self, summary: Summary, package: TestPackage) -> None:
        """Give the new package the name that its source has, and show its modules to later sources."""
        published = next(value for value in summary.created_objects if value.is_package)
        if package.address_name is not None:
            self.addresses[package.address_name] = published.object_id
        self.compiler.add(replace(package, modules=_modules_of(published)))

    def _upgrade(self, task: Task, options: Options) -> str:
        name, capability = options.one("package"), options.one("upgrade-capability")
        if name is None or capability is None:
            raise DirectiveError("an upgrade needs a package and a capability")
        before = self.addresses[name]
        self.names.begin_task()
        try:
            return self._upgrade_from(ObjectID(Address(before)), name, capability, task, options)
        finally:
            if self.addresses[name] == bytes(32):
                self.addresses[name] = before

    def _upgrade_from(
        self, before: ObjectID, name: str, capability: str, task: Task, options: Options
    ) -> str:
        self.addresses[name] = bytes(32)
        overridden = self._link_upgraded_dependencies(options.many("dependencies"))
        package = self._compile(task, options)
        self.addresses.update(overridden)
        if package.address_name is None:
            raise DirectiveError("an upgraded package has a named address")
        self.original_names[package.address_name] = self.original_names.get(name, name)
        codes = _codes(package)
        dependencies = (*self._package_ids(options.many("dependencies")), *STANDARD_IDS)
        policy = _POLICIES[options.one("policy") or "compatible"]
        builder = self._builder()
        builder.argument(NamedObject("object", parse_object_name(capability), None))
        digest = package_digest(codes, dependencies)
        arguments = (Input(0), builder.pure(bytes([policy])), builder.pure(bytes([len(digest)]) + digest))
        framework = STANDARD_IDS[1]
        ticket = builder.command(MoveCall(framework, "package", "authorize_upgrade", (), arguments))
        receipt = builder.command(Upgrade(codes, dependencies, before, ticket))
        builder.command(MoveCall(framework, "package", "commit_upgrade", (), (Input(0), receipt)))
        summary = self._execute(builder.build(), options)
        self._bind_new_package(summary, package)
        return summary.text(self.names)

    def _link_upgraded_dependencies(self, dependencies: Sequence[str]) -> dict[str, bytes]:
        """For compiling, let each upgraded dependency stand at the address of its first version.

        Returns the addresses to put back.
        """
        before: dict[str, bytes] = {}
        for name in dependencies:
            original = self.original_names.get(name)
            if original is None or original not in self.addresses:
                continue
            first = self.addresses[original]
            before.setdefault(original, first)
            before.setdefault(name, self.addresses[name])
            self.addresses[original] = bytes(32)
            self.addresses[name] = first
        return before

    def _stage_package(self, task: Task, options: Options) -> None:
        self.names.begin_task()
        package = self._compile(task, options)
        if package.address_name is None:
            raise TaskError("Staged modules must have a named address")
        codes = _codes(package)
        dependencies = (*self._package_ids(options.many("dependencies")), *STANDARD_IDS)
        self.staged[package.address_name] = _Staged(package, codes, package_digest(codes, dependencies))

    def _set_address(self, name: str, text: str) -> None:
        self.names.begin_task()
        value = parse_input(text, self.addresses)
        if isinstance(value, bytes):
            self.addresses[name] = value
            return
        if not isinstance(value, NamedObject):
            raise DirectiveError(f"{text} is no address")
        found = self._find_object(value)
        self.addresses[name] = found.object_id
        staged = self.staged.pop(name, None) if found.is_package else None
        if staged is not None:
            self.compiler.add(replace(staged.package, modules=_modules_of(found)))

    def _compile(self, task: Task, options: Options) -> TestPackage:
        if task.data is None:
            raise DirectiveError(f"expected a module after {task.name}")
        syntax = options.one("syntax") or self.path.suffix[1:]
        return self.compiler.compile(task.data, syntax, self.addresses)

    # Transactions

    def _run(self, options: Options) -> str:
        self.names.begin_task()
        if not options.positional:
            raise DirectiveError("run without a function")
        package, module, function = options.positional[0].split("::")
        types = tuple(self._type(word) for word in options.many("type-args"))
        builder = self._builder()
        arguments = tuple(
            builder.argument(parse_input(word, self.addresses)) for word in options.many("args")
        )
        package_id = ObjectID(Address(parse_named_address(package, self.addresses)))
        builder.command(MoveCall(package_id, module, function, types, arguments))
        summary = self._execute(builder.build(), options)
        return summary.text(self.names, is_short="summarize" in options)

    def _programmable(self, task: Task, options: Options) -> str:
        self.names.begin_task()
        builder = self._builder()
        inputs = tuple(builder.call_arg(parse_input(word, self.addresses)) for word in options.many("inputs"))
        staged = {name: found.codes for name, found in self.staged.items()}
        commands = CommandParser(self.addresses, staged).parse(task.data or "")
        transaction = ProgrammableTransaction(inputs, commands)
        if "dev-inspect" in options:
            return self._dev_inspect(transaction, options)
        return self._execute(transaction, options).text(self.names)

    def _transfer_object(self, options: Options) -> str:
        self.names.begin_task()
        builder = self._builder()
        value = builder.argument(NamedObject("object", parse_object_name(options.positional[0]), None))
        recipient = self._account(options.one("recipient"))
        builder.command(TransferObjects((value,), builder.pure(recipient.address)))
        return self._execute(builder.build(), options).text(self.names)

    def _execute(self, kind: ProgrammableTransaction, options: Options) -> Summary:
        sender = self._account(options.one("sender"))
        coin = self.ledger.history.get_object(sender.coin.object_id)
        if coin is None:
            raise DirectiveError("the account's gas coin is gone")
        price = int(options.one("gas-price") or DEFAULT_GAS_PRICE)
        budget = int(options.one("gas-budget") or DEFAULT_GAS_BUDGET)
        gas = GasData((coin.reference(),), sender.address, price, budget)
        data = TransactionData(kind, sender.address, gas, None)
        try:
            result = self.ledger.execute(data)
        except UserInputError as error:
            text = rust_debug(UserInputErrorKind, error.kind)
            raise TaskError(f"Error checking transaction input objects: {text}") from error
        summary = summarize(result, self.ledger.history, self.names, self.tie_breaker)
        if isinstance(result.effects.status, Failure):
            text = _failure(result.effects.status, result.error, bool(data.shared_objects()))
            raise TaskError(self.names.stabilize(text))
        return summary

    def _dev_inspect(self, kind: ProgrammableTransaction, options: Options) -> str:
        sender = self._account(options.one("sender"))
        price = int(options.one("gas-price") or REFERENCE_GAS_PRICE)
        gas = GasData((), sender.address, price, self.ledger.executor.config.max_tx_gas)
        data = TransactionData(kind, sender.address, gas)
        try:
            inspection = dev_inspect(self.ledger.executor, self.ledger.history, data, REFERENCE_GAS_PRICE)
        except UserInputError as error:
            text = rust_debug(UserInputErrorKind, error.kind)
            raise TaskError(f"Error checking transaction input objects: {text}") from error
        status = inspection.result.effects.status
        if isinstance(status, Failure):
            text = f"Transaction Effects Status: {status}\nExecution Error: {status}"
            raise TaskError(self.names.stabilize(text))
        summary = summarize(inspection.result, self.ledger.history, self.names, self.tie_breaker)
        return replace(summary, unchanged_shared=()).text(self.names)

    # Objects

    def _view_object(self, words: Sequence[str]) -> str:
        self.names.begin_task()
        name = parse_object_name(words[0])
        object_id = self.names.find(name)
        if object_id is None:
            raise TaskError(f"Unbound fake id {words[0]}")
        found = self.ledger.history.get_object(object_id)
        if found is None:
            return f"No object at id {_full(name)}"
        if found.package is not None:
            modules = sorted(found.package.module_map)
            listed = modules[0] if len(modules) == 1 else "{" + ", ".join(modules) + "}"
            return f"{_full(name)}::{listed}"
        return self.names.stabilize(
            f"Owner: {render_owner(found.owner)}\nVersion: {found.version}\nContents: {self._contents(found)}"
        )

    def _contents(self, found: Object) -> str:
        move_object = found.move_object
        if move_object is None:
            raise DirectiveError("a package has no contents")
        type_ = self.ledger.reading_context().load_type(move_object.struct_tag)
        return render_contents(type_, deserialize(type_, move_object.contents))

    def _find_object(self, named: NamedObject) -> Object:
        object_id = self.names.find(named.name)
        if object_id is None:
            raise TaskError(f"INVALID TEST. Unknown object, object({named.text})")
        history = self.ledger.history
        if named.version is None:
            found = history.get_object(object_id)
        else:
            found = history.get_object_at(object_id, named.version)
        if found is None:
            raise TaskError(f"INVALID TEST. Could not load object argument 0x{object_id.hex()}")
        return found

    # Names

    def _builder(self) -> TransactionBuilder:
        digests = {name: staged.digest for name, staged in self.staged.items()}
        return TransactionBuilder(self._find_object, digests)

    def _account(self, name: str | None) -> Account:
        account = self.accounts.get(name or "")
        if account is None:
            raise DirectiveError(f"no account {name}")
        return account

    def _package_ids(self, names: Sequence[str]) -> tuple[ObjectID, ...]:
        return tuple(ObjectID(Address(self.addresses[name])) for name in names)

    def _type(self, text: str) -> TypeTag:
        return parse_type_tag(resolve_type_names(text, self.addresses))


def _codes(package: TestPackage) -> tuple[bytes, ...]:
    return tuple(serialize_module(module) for module in package.modules)


def _modules_of(published: Object) -> tuple[CompiledModule, ...]:
    package = published.package
    return tuple(deserialize_module(code) for code in package.module_map.values()) if package else ()


def _failure(status: Failure, error: ExecutionError | None, has_shared_inputs: bool) -> str:
    """A failure as the network reports it: an error's source is known only without ordering."""
    shown = rust_display(ExecutionFailureStatus, status.error)
    kind = rust_debug(ExecutionFailureStatus, status.error)
    command = "None" if status.command is None else f"Some({status.command})"
    if has_shared_inputs:
        detail = f"Debug of error: {kind} at command {command}"
    else:
        source = "None" if error is None else _source(error)
        inner = f"ExecutionErrorInner {{ kind: {kind}, source: {source}, command: {command} }}"
        detail = f"Execution Error: ExecutionError: ExecutionError {{ inner: {inner} }}"
    return f"Transaction Effects Status: {shown}\n{detail}"


def _source(error: ExecutionError) -> str:
    """Where an execution error comes from: an error of the VM, or a text."""
    if error.vm_error is not None:
        return f"Some({debug_vm_error(error.vm_error)})"
    return "None" if error.source is None else f"Some({rust_debug(str, error.source)})"


def _full(name: FakeId | ObjectID) -> str:
    return f"0x{name.hex()}" if isinstance(name, bytes) else "{},{}".format(*name)
