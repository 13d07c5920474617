"""The network's own rules for modules: the ordered list of passes. Source: iota-verifier, verifier."""

from __future__ import annotations

from collections.abc import Collection

from movelite.bytecode.file_format import CompiledModule
from movelite.verifier.iota import (
    entry_points,
    global_storage_access,
    id_leak,
    one_time_witness,
    private_generics,
    struct_with_key,
)
from movelite.verifier.meter import Meter
from movelite.verifier.module_view import ModuleView


def verify_module(module: CompiledModule | ModuleView, test_functions: Collection[str] = ()) -> None:
    """Run the network's passes over a module, or over the view that the Move verifier returned.

    Precondition: the Move verifier accepted the module. test_functions are names of unit tests of the
    module, which may call `init` and make witnesses. A view brings its meter.
    Raises: IotaVerificationError of the first rule that is broken, or IotaVerificationTimeout when the
        meter runs out.
    """
    view = ModuleView(module, Meter()) if isinstance(module, CompiledModule) else module
    struct_with_key.check(view)
    global_storage_access.check(view)
    id_leak.check(view)
    private_generics.check(view.module)
    entry_points.check(view, test_functions)
    one_time_witness.check(view.module, test_functions)
