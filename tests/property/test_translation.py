"""Translated Move does what the reference interpreter does: results, gas, aborts and where they happen."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from random import Random

import pytest

from movelite.bytecode.file_format import CompiledModule, Visibility
from movelite.bytecode.reader import deserialize_module
from movelite.bytecode.status import VMError
from movelite.package.build import framework_modules
from movelite.verifier.verifier import verify_module
from movelite.vm.types import ModuleId, Type
from proto.type_tag import TypeTag
from tests.support.mutation import mutate
from tests.support.vm_pair import SAMPLE_TYPES, Pair, sample_arguments
from tests.unit.bytecode.modules import compiled_modules

BUDGET = 2_000_000
MUTANTS = 25


def functions_of(module: CompiledModule) -> list[tuple[str, int]]:
    """Public functions with code, and how many type parameters they have."""
    found = []
    for definition in module.function_defs:
        handle = module.function_handles[definition.function]
        if definition.code is not None and definition.visibility is Visibility.PUBLIC:
            found.append((module.identifiers[handle.name], len(handle.type_parameters)))
    return found


def compare_all(pair: Pair, module: CompiledModule, chance: Random, rounds: int) -> int:
    """Call every public function of a module both ways; returns how many calls were made."""
    calls = 0
    for name, count in functions_of(module):
        for _ in range(rounds):
            sample = sampled_call(pair, module.self_id, name, count, chance)
            if sample is not None:
                tags, arguments = sample
                pair.call_with_budgets(
                    module.self_id, name, arguments, tags, chance=chance, budgets=2, largest=BUDGET
                )
                calls += 1
    return calls


def sampled_call(
    pair: Pair, module_id: ModuleId, name: str, count: int, chance: Random
) -> tuple[list[TypeTag], list[bytes]] | None:
    """Type arguments and arguments for a function; None if none of ours fit."""
    session = pair.session()
    chosen: list[Type] = [chance.choice(SAMPLE_TYPES) for _ in range(count)]
    try:
        function = session.load_function(module_id, name, chosen)
        arguments = sample_arguments(function.parameters, chance)
        return None if arguments is None else ([session.type_tag(type_) for type_ in chosen], arguments)
    except VMError:
        return None


def test_every_function_of_std() -> None:
    codes = [built.bytecode for built in framework_modules(("MoveStdlib",))]
    modules = [deserialize_module(code) for code in codes]
    pair, chance = Pair({m.self_id: code for m, code in zip(modules, codes, strict=True)}), Random(5)
    assert sum(compare_all(pair, module, chance, rounds=2) for module in modules) > 200


@pytest.mark.parametrize("name", sorted(compiled_modules()))
def test_every_function_of_the_official_modules(name: str) -> None:
    modules = [deserialize_module(data) for data in compiled_modules().values()]
    pair = Pair({m.self_id: data for m, data in zip(modules, compiled_modules().values(), strict=True)})
    compare_all(pair, deserialize_module(compiled_modules()[name]), Random(name), rounds=4)


@pytest.mark.parametrize("seed", range(4))
def test_generated_modules(seed: int) -> None:
    corpus = list(compiled_modules().values())
    compared = 0
    for data in islice(verified_mutants(corpus, seed), MUTANTS):
        module = deserialize_module(data)
        compared += compare_all(Pair({module.self_id: data}), module, Random(seed), rounds=1)
    assert compared > 0


def verified_mutants(corpus: list[bytes], seed: int) -> Iterator[bytes]:
    """Broken modules that the verifier lets pass all the same, without end."""
    index = 0
    while True:
        random = Random(f"{seed}/{index}")
        index += 1
        data = mutate(random.choice(corpus), corpus, random)
        try:
            verify_module(deserialize_module(data))
        except VMError:
            continue
        yield data
