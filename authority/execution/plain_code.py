"""Plans as Python: what a plan does to its objects is written out, compiled and kept.

All transactions of a layout do the same, so their code needs no loops, no objects of its own and no
questions whose answer the plan knows: it takes half the time of walking the plan. Every place of the plan has
its variables: id2, head2, balance2 and so on, as in OwnedParts.

The source holds names that are made here and numbers of places; nothing of a transaction gets into it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import lru_cache
from types import CodeType
from typing import Any, Final

from authority.execution.call_plan import LARGEST_VALUE, VALUE_WORK, NotPlain, small
from authority.execution.gas_charger import known_cost
from authority.execution.plain import LAYOUTS_KEPT, KnownPackages, Runner
from authority.execution.plain_calls import PlainExecutor
from authority.execution.plain_plan import Call, Merge, PlainPlan, Split, Step, Transfer
from authority.removal import Removal
from movelite.natives.object_runtime import ObjectRuntime, id_of
from movelite.vm.values import serialize
from proto.effects import TransactionEffects
from proto.effects_writer import (
    ID_CREATED,
    ID_DELETED,
    ID_UNCHANGED,
    changed_bytes,
    gone_bytes,
    made_bytes,
    passing_bytes,
    plain_effects_bytes,
)
from proto.execution_status import Success
from proto.ids import GENESIS_MARKER_DIGEST, ObjectID, SequenceNumber, derive_object_id
from proto.object import (
    GAS_COIN_HEAD,
    GAS_COIN_SIZE,
    OwnedParts,
    PlainInputs,
    metered_parts_size,
    new_coin_parts,
    new_parts,
)

MAX_U64: Final = 2**64 - 1

_Left = tuple[ObjectID, OwnedParts | None, OwnedParts]
"""An object that is left: its id, what it was before, and what it is now."""


def compile_plan(plan: PlainPlan, packages: KnownPackages, executor: PlainExecutor) -> Runner:
    """What runs the transactions of a plan. packages: those that its commands name."""
    config = executor.config
    writer = _Writer(plan)
    code = _code_of("\n    ".join(["def run(job, calls):", *writer.lines()]))
    names: dict[str, Any] = {
        **NAMES,
        **writer.constants,
        "facts": executor.facts,
        "EPOCH": executor.epoch,
        "PACKAGES_SIZE": packages.read_size,
        "PACKAGES": packages.dependencies,
        "READ_PRICE": config.obj_access_cost_read_per_byte,
        "STORE_PRICE": config.obj_data_cost_refundable * config.storage_gas_price,
        "REBATE_RATE": config.storage_rebate_rate,
        "MAX_OBJECT": config.max_move_object_size,
        "MAX_WRITTEN": config.max_size_written_objects,
    }
    exec(code, names)  # written here, of names and numbers that are ours
    runner: Runner = names["run"]
    return runner


@lru_cache(maxsize=LAYOUTS_KEPT)
def _code_of(source: str) -> CodeType:
    return compile(source, "<plan>", "exec")


class _Writer:
    """Writes the body of one function."""

    def __init__(self, plan: PlainPlan) -> None:
        self._plan = plan
        self._lines: list[str] = []
        self._coins: set[int] = set()
        """Places that hold gas coins for sure, at this point of the function."""
        self._made: list[int] = []
        self.constants: dict[str, object] = {}

    def lines(self) -> list[str]:
        """All of it."""
        self._take_inputs()
        self._take_payment()
        for step in self._plan.steps:
            self._step(step)
        self._charge()
        self._make_objects()
        if self._plan.has_calls:
            self._find_changes()
        else:
            self._write_changes()
        self._make_effects()
        return self._lines

    def _add(self, *lines: str) -> None:
        self._lines += lines

    def _take_inputs(self) -> None:
        inputs = range(self._plan.inputs)
        self._add("transaction, inputs, digest = job")
        self._add("".join(f"input{place}, " for place in inputs) + "= inputs.values()")
        for place in inputs:
            fields = [f"{name}{place}" for name in OwnedParts._fields]
            self._add(f"{', '.join(fields)} = input{place}")
        self._add("_, _, pure, _, price, budget = transaction")
        self._add(f"read_size = PACKAGES_SIZE + {_sum('size', inputs)}")
        if self._plan.has_calls:
            self._add(
                f"calls.begin(transaction, digest, read_size, {self._plan.values * VALUE_WORK})",
                "objects = calls.objects",
            )

    def _take_payment(self) -> None:
        """The first coin takes all, and keeps the budget aside."""
        coin, payment = self._plan.gas, range(self._plan.gas, self._plan.inputs)
        for place in payment:
            self._need_coin(place)
        if len(payment) > 1:
            self._add(f"balance{coin} = {_sum('balance', payment)}")
        self._add(
            f"if not budget <= balance{coin} <= MAX_U64: raise NotPlain",
            f"balance{coin} -= budget",
        )

    def _need_coin(self, place: int) -> None:
        if place not in self._coins:
            self._add(f"if balance{place} is None: raise NotPlain")
            self._coins.add(place)

    def _step(self, step: Step) -> None:
        match step:
            case Transfer():
                self._transfer(step)
            case Split():
                self._split(step)
            case Merge():
                self._merge(step)
            case Call():
                self._call(step)

    def _transfer(self, step: Transfer) -> None:
        for place in step.objects:
            if place not in self._coins:
                condition = f"balance{place} is None and not facts(head{place}).has_store"
                self._add(f"if {condition}: raise NotPlain")
            self._add(f"owner{place} = pure[{step.address}]")

    def _split(self, step: Split) -> None:
        coin = step.coin
        self._need_coin(coin)
        for number, part in zip(step.amounts, step.parts, strict=True):
            new_id = "calls.new_id()" if self._plan.has_calls else f"derive_id(digest, {len(self._made)})"
            self._add(
                f"balance{part} = from_bytes(pure[{number}], 'little')",
                f"if balance{part} > balance{coin}: raise NotPlain",
                f"balance{coin} -= balance{part}",
                f"id{part}, input{part} = {new_id}, None",
            )
            self._made.append(part)
            self._coins.add(part)

    def _merge(self, step: Merge) -> None:
        target = step.target
        for place in (target, *step.sources):
            self._need_coin(place)
        self._add(
            f"balance{target} = {_sum('balance', (target, *step.sources))}",
            f"if balance{target} > MAX_U64: raise NotPlain",
        )
        if self._plan.has_calls:
            self._add(*[f"objects.delete_id(id{place})" for place in step.sources])

    def _call(self, step: Call) -> None:
        """Call a function that the general engine has called before."""
        values = [f"value{index}" for index in range(len(step.arguments))]
        for value, (parameter, place) in zip(values, step.arguments, strict=True):
            known = self._constant("parameter", parameter)
            if parameter.layout is not None:
                self._add(f"{value} = {known}.pure_value(pure[{place}])")
            else:
                fields = f"id{place}, head{place}, balance{place}, contents{place}"
                if place in self._made:
                    fields = f"id{place}, GAS_COIN_HEAD, balance{place}, b''"
                self._add(f"{value} = calls.value_of({fields}, {known})")
        call = f"calls.run({self._constant('plan', step.plan)}, [{', '.join(values)}])"
        results = [f"result{place}" for place in step.results]
        self._add(f"[{', '.join(results)}] = {call}")
        for value, (parameter, place) in zip(values, step.arguments, strict=True):
            if parameter.is_mutable:
                self._update(place, self._constant("type", parameter.type_), value)
        for place, result, (type_, head) in zip(step.results, results, step.plan.results, strict=True):
            self._take_result(place, result, self._constant("type", type_), head)

    def _update(self, place: int, type_: str, value: str) -> None:
        """Take over what Move code has made of an object; the size of a coin is always the same."""
        if place in self._coins:
            self._add(f"balance{place} = {value}[1][0]")
        else:
            self._add(
                f"if balance{place} is not None: balance{place} = {value}[1][0]",
                f"else: contents{place}, size{place} = stored_form({type_}, head{place}, {value})",
            )

    def _take_result(self, place: int, result: str, type_: str, head: bytes) -> None:
        self._add(
            f"id{place} = id_of({result})",
            f"input{place} = inputs.get(id{place})",
            f"owner{place}, head{place} = b'', {self._constant('head', head)}",
        )
        if head == GAS_COIN_HEAD:
            self._coins.add(place)
            self._add(f"balance{place}, contents{place}, size{place} = {result}[1][0], b'', {GAS_COIN_SIZE}")
        else:
            self._add(
                f"contents{place}, size{place} = stored_form({type_}, head{place}, {result})",
                f"balance{place} = None",
            )

    def _constant(self, kind: str, value: object) -> str:
        name = f"{kind}_{len(self.constants)}"
        self.constants[name] = value
        return name

    def _charge(self) -> None:
        """Charge for what was read and called, and for storing what is left."""
        kept, coin = self._plan.kept, self._plan.gas
        sizes = [str(GAS_COIN_SIZE) if place in self._coins else f"size{place}" for place in kept]
        self._add(f"stored = {' + '.join(sizes)}", "if stored >= MAX_WRITTEN: raise NotPlain")
        self._add(
            *[f"if size{place} > MAX_OBJECT: raise NotPlain" for place in kept if place not in self._coins]
        )
        used = "calls.gas_used" if self._plan.has_calls else "read_size * READ_PRICE"
        rebates = _sum("rebate", range(self._plan.inputs))
        self._add(
            f"cost = known_cost({used}, budget, price, stored * STORE_PRICE, {rebates}, REBATE_RATE)",
            "if cost is None: raise NotPlain",
            "gas, gas_bytes, net_usage = cost",
            f"balance{coin} += budget",
            f"if balance{coin} > MAX_U64: raise NotPlain",
            f"balance{coin} -= net_usage",
        )

    def _make_objects(self) -> None:
        """The objects as they are stored."""
        versions = [f"version{place}" for place in range(self._plan.inputs)]
        newest = versions[0] if len(versions) == 1 else f"max({', '.join(versions)})"
        self._add(f"version = {newest} + 1", f"coin_rebate = {GAS_COIN_SIZE} * STORE_PRICE")
        for place in self._plan.kept:
            coin = f"new_coin(id{place}, version, balance{place}, owner{place}, digest, coin_rebate)"
            if place in self._coins:
                self._add(f"after{place} = {coin}")
                continue
            other = (
                f"new_object(id{place}, version, head{place}, contents{place}, owner{place}, digest, "
                f"size{place} * STORE_PRICE, size{place})"
            )
            self._add(f"after{place} = {other} if balance{place} is None else {coin}")

    def _write_changes(self) -> None:
        """The changes: all that is made is there now, and inputs that are not left went into others."""
        kept, changes, gone = self._plan.kept, [], []
        for place in kept:
            if place in self._made:
                changes.append(f"made(id{place}, after{place}, CREATED)")
            else:
                changes.append(f"changed(id{place}, input{place}, after{place}, UNCHANGED)")
        for place in range(self._plan.inputs):
            if place not in kept:
                changes.append(f"gone(id{place}, input{place}, DELETED)")
                gone.append(f"Removal(id{place}, version, False)")
        self._add(f"changes = [{', '.join(changes)}]")
        self._add(f"removed = sorted([{', '.join(gone)}])" if gone else "removed = ()")

    def _find_changes(self) -> None:
        """The changes, where Move code may have kept, wrapped or deleted what it was given."""
        left = ", ".join(f"(id{place}, input{place}, after{place})" for place in self._plan.kept)
        smashed = ", ".join(f"id{place}" for place in range(self._plan.gas + 1, self._plan.inputs))
        self._add(f"changes, removed = changes_of_calls([{left}], inputs, [{smashed}], objects, version)")

    def _make_effects(self) -> None:
        made_by = ", ".join(f"made_by{place}" for place in range(self._plan.inputs))
        pairs = "".join(f"(input{place}, after{place}), " for place in self._plan.kept)
        self._add(
            "changes.sort()",  # by id, with which they begin
            f"dependencies = {{{made_by}, *PACKAGES}}",
            "dependencies.discard(GENESIS)",
            f"place = bisect_left(changes, id{self._plan.gas})",
            "encoded = effects_bytes(EPOCH, gas_bytes, digest, place, dependencies, version, changes)",
            "effects = own_effects(encoded, SUCCESS, gas)",
            f"return effects, ({pairs}), removed",
        )


def _sum(name: str, places: Iterable[int]) -> str:
    return " + ".join(f"{name}{place}" for place in places)


def _stored_form(type_: Any, head: bytes, value: Any) -> tuple[bytes, int]:
    """The contents of an object that is no coin, and its metered size. Raises: NotPlain if it is large."""
    contents = serialize(type_, small(type_, value))
    if len(contents) > LARGEST_VALUE:
        raise NotPlain
    return contents, metered_parts_size(head, len(contents))


def _changes_of_calls(
    left: Sequence[_Left],
    inputs: PlainInputs,
    smashed: Iterable[ObjectID],
    objects: ObjectRuntime,
    version: SequenceNumber,
) -> tuple[list[bytes], list[Removal]]:
    """The changes of a transaction with Move calls, and what is removed. smashed: coins of the payment."""
    created, deleted = objects.new_ids, {*smashed, *objects.deleted_ids}
    changes, seen, removed = [], set(), []
    for object_id, before, after in left:
        seen.add(object_id)
        operation = ID_CREATED if object_id in created else ID_UNCHANGED
        if before is None:
            changes.append(made_bytes(object_id, after, operation))
        else:
            changes.append(changed_bytes(object_id, before, after, operation))
    for object_id, one in inputs.items():
        if object_id not in seen:
            seen.add(object_id)
            is_deleted = object_id in deleted
            changes.append(gone_bytes(object_id, one, ID_DELETED if is_deleted else ID_UNCHANGED))
            removed.append(Removal(object_id, version, not is_deleted))
    for object_id in (*created, *deleted):
        if object_id not in seen:
            changes.append(passing_bytes(object_id, ID_CREATED if object_id in created else ID_DELETED))
    return changes, sorted(removed)


NAMES: dict[str, Any] = {
    "CREATED": ID_CREATED,
    "DELETED": ID_DELETED,
    "GAS_COIN_HEAD": GAS_COIN_HEAD,
    "GENESIS": GENESIS_MARKER_DIGEST,
    "MAX_U64": MAX_U64,
    "NotPlain": NotPlain,
    "Removal": Removal,
    "SUCCESS": Success(),
    "UNCHANGED": ID_UNCHANGED,
    "bisect_left": bisect_left,
    "changed": changed_bytes,
    "changes_of_calls": _changes_of_calls,
    "derive_id": derive_object_id,
    "effects_bytes": plain_effects_bytes,
    "from_bytes": int.from_bytes,
    "gone": gone_bytes,
    "id_of": id_of,
    "known_cost": known_cost,
    "made": made_bytes,
    "new_coin": new_coin_parts,
    "new_object": new_parts,
    "own_effects": TransactionEffects.of_own_bytes,
    "stored_form": _stored_form,
}
"""What the code calls."""
