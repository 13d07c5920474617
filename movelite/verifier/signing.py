"""What a validator checks of new modules before it signs: that verifying them is affordable.

Whether they verify is found out at execution, and charged for; only modules that take too long to verify are
refused before. Source: iota-adapter, run_metered_move_bytecode_verifier.
"""

from __future__ import annotations

from collections.abc import Iterable

from movelite.bytecode.file_format import CompiledModule
from movelite.bytecode.status import StatusCode, VMError
from movelite.verifier import iota
from movelite.verifier.config import SIGNING_CONFIG
from movelite.verifier.meter import Meter, Scope
from movelite.verifier.verifier import verify_module

_TIMEOUTS = (StatusCode.PROGRAM_TOO_COMPLEX, StatusCode.TOO_MANY_BACK_EDGES)


def check_verification_cost(modules: Iterable[CompiledModule], meter: Meter) -> None:
    """Verify the modules of a package within a meter; one meter serves all packages of a transaction.

    Modules that are refused for other reasons than their cost pass here.
    Raises: IotaVerificationTimeout.
    """
    for module in modules:
        meter.enter_scope(module.self_id[1], Scope.MODULE)
        try:
            iota.verify_module(verify_module(module, SIGNING_CONFIG, meter))
        except iota.IotaVerificationError:
            pass
        except VMError as error:
            if error.status in _TIMEOUTS:
                raise iota.IotaVerificationTimeout(f"Verification timed out: {error}") from None
        try:
            meter.transfer(Scope.MODULE, Scope.PACKAGE)
        except VMError:
            raise iota.IotaVerificationTimeout("Verification timed out") from None
