"""The peers' files of `client ptb`: what is read in them, the transaction that is built, and every error.

Each file is a command line; the official answer is a snapshot beside the files. Compared are whether it is
read and whether it is built; the rows of the preview; every input and command of the transaction; and of
every error and warning, in order, the line, the column, how many characters are meant, and the message.
Hints are in our own words: the line of JSON before the score tells how many there are on one side alone. The
drawing around the text is not compared. Of the unit tests of the official parser, which follow, each command
line has to be read, or to give the same errors at the same places.

Ours is asked in this process, of a service over four authorities, with a wallet that has one address. The
official tool has no implicit dependencies, so ours is told to do without. The peers' genesis has a system
state, a shared object at 0x5, which ours has not: it is shown as being there.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

from aggregator.rpc_client import RpcClient
from aggregator.wallet.client_config import ClientConfig, Environment
from cli.package_options import PackageOptions, set_given
from cli.ptb.builder import PtbBuilder, shadowed
from cli.ptb.command import words_of
from cli.ptb.parser import parse
from cli.ptb.program import Program
from cli.ptb.source import Problem, PtbError, place_of, source_of
from cli.session import Session
from proto.ids import format_address, format_digest
from proto.key_text import generate_key_pair
from proto.transaction import ProgrammableTransaction
from tests.conformance.case import CaseResult, expect_equal, run_case
from tests.conformance.ptb_parser_cases import ParserCase, ParserError, parser_cases
from tests.conformance.ptb_text import Answer, Said, read_answer, shown_command, shown_input
from tests.support.served_ledger import ServedLedger

CRATE = Path("crates/iota")
FILES = Path("tests/ptb_files")
SNAPSHOTS = Path("tests/snapshots")
_SYSTEM_STATE = format_address(bytes(31) + b"\5")


@dataclass(frozen=True, slots=True)
class PtbResult(CaseResult):
    """A case; messages: errors and warnings; other_hints: of those that only one side has a hint for."""

    messages: int = 0
    other_hints: int = 0


def run(path: Path) -> Iterable[CaseResult]:
    """One case for each file, and one for each command line of the parser's tests; path is a checkout."""
    set_given(PackageOptions(no_implicit_dependencies=True))
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "crate")
        shutil.copytree(path / CRATE / FILES, place / FILES)  # builds write beside the sources
        wallet = ClientConfig.create(
            Path(folder, "client.yaml"), Environment(alias="local", rpc="http://local")
        )
        wallet.keystore.add(generate_key_pair(), "player")
        for file in sorted((place / FILES).rglob("*.ptb")):
            answer = read_answer(path / CRATE / SNAPSHOTS / f"ptb_files_tests__{file.name}.snap")
            ours: list[Answer] = []
            name = str(file.relative_to(place / FILES))
            with contextlib.chdir(place):
                result = run_case(name, partial(_check, file, wallet, answer, ours))
            yield _counted(result, ours, answer)
    for case in parser_cases(path / CRATE):
        yield run_case(case.name, partial(_check_parser, case))


def _check_parser(case: ParserCase) -> None:
    problems: tuple[Problem, ...] = ()
    try:
        parse(case.words)
    except PtbError as error:
        problems = error.problems
    found = tuple(ParserError(p.message, p.span.start, p.span.end) for p in problems)
    expect_equal("errors", found, case.errors)


def _check(file: Path, wallet: ClientConfig, official: Answer, found: list[Answer]) -> None:
    ours = answer_of(words_of(file), wallet)
    found.append(ours)
    for part in ("refusals", "preview", "warnings", "inputs", "commands", "errors"):
        expect_equal(part, getattr(ours, part), getattr(official, part))


def answer_of(words: list[str], wallet: ClientConfig) -> Answer:
    """What we make of a command line."""
    try:
        program = parse(words)
    except PtbError as error:
        return Answer(refusals=_said(source_of(words), error.problems))
    return asyncio.run(_built(program, source_of(words), wallet))


async def _built(program: Program, source: str, wallet: ClientConfig) -> Answer:
    ledger = ServedLedger()
    try:
        session = Session(wallet, cast(RpcClient, _Rpc(ledger)))
        builder = session.builder()
        ptb_builder = PtbBuilder(session, builder, wallet.keystore.addresses[0], with_unpublished=False)
        await ptb_builder.run(program.commands)
    finally:
        await ledger.service.close()
    kind = ProgrammableTransaction((), ()) if ptb_builder.problems else builder.kind()
    is_warned = "warn-shadows" in program.switches
    return Answer(
        preview=program.preview(),
        warnings=_said(source, shadowed(program.commands)) if is_warned else [],
        inputs=[shown_input(value) for value in kind.inputs],
        commands=[shown_command(command) for command in kind.commands],
        errors=_said(source, ptb_builder.problems),
    )


def _said(source: str, problems: Iterable[Problem]) -> list[Said]:
    return [Said(*place_of(source, p.span), p.message, has_hint=bool(p.hint)) for p in problems]


@dataclass(frozen=True)
class _Rpc:
    """The service, with the system state that the peers have."""

    ledger: ServedLedger

    async def call(self, method: str, *params: Any) -> Any:
        """What the service answers."""
        if method == "iota_getObject" and params[0] == _SYSTEM_STATE:
            owner = {"Shared": {"initial_shared_version": 1}}
            shown = {"objectId": _SYSTEM_STATE, "version": "1", "digest": format_digest(bytes(32))}
            return {"data": {**shown, "owner": owner, "type": "0x3::iota_system::IotaSystemState"}}
        return await self.ledger.rpc.call(method, list(params))


def _counted(result: CaseResult, ours: list[Answer], official: Answer) -> PtbResult:
    mine = ours[0].said if ours else []
    pairs = zip(mine, official.said, strict=False)
    differing = sum(one.has_hint != other.has_hint for one, other in pairs)
    count = len(official.said)
    return PtbResult(result.name, result.passed, result.detail, result.seconds, count, differing)


def summarize(results: Iterable[CaseResult]) -> dict[str, int]:
    """Files, and the errors and warnings in them."""
    cases = [result for result in results if isinstance(result, PtbResult)]
    return {
        "files": len(cases),
        "files_passed": sum(case.passed for case in cases),
        "messages": sum(case.messages for case in cases),
        "hint_on_one_side": sum(case.other_hints for case in cases),
    }
