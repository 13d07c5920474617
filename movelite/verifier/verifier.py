"""The Move bytecode verifier: the ordered list of its passes.

A module that passes cannot make the VM misbehave, whoever made its bytes; README.md says why.
Source: move-bytecode-verifier, verifier.
"""

from __future__ import annotations

from movelite.bytecode.bounds import check_bounds
from movelite.bytecode.file_format import CompiledModule
from movelite.bytecode.status import VMError
from movelite.verifier import (
    ability_field_requirements,
    code_unit,
    constants,
    data_definitions,
    duplication,
    friends,
    instantiation_loops,
    instruction_consistency,
    limits,
    script_signature,
    signature,
)
from movelite.verifier.config import VerifierConfig
from movelite.verifier.meter import Meter
from movelite.verifier.module_view import ModuleView

DEFAULT_CONFIG = VerifierConfig()


def verify_module(
    module: CompiledModule, config: VerifierConfig = DEFAULT_CONFIG, meter: Meter | None = None
) -> ModuleView:
    """Run all passes over a module; each relies on those before it.

    Precondition: types nest as deep as the reader allows at most.
    Returns: the module as the passes saw it, for the network's own passes.
    Raises: VMError of the first rule that is broken, with the module as location unless an index is out of
        bounds, or PROGRAM_TOO_COMPLEX when the meter runs out.
    """
    check_bounds(module)
    view = ModuleView(module, meter or Meter())
    try:
        limits.check(view, config)
        duplication.check(view)
        signature.check(view)
        instruction_consistency.check(view)
        constants.check(view)
        friends.check(view)
        ability_field_requirements.check(view)
        data_definitions.check(view)
        instantiation_loops.check(view)
        code_unit.check(view, config)
        script_signature.check(view)
    except VMError as error:
        error.location = module.self_id
        raise
    return view
