"""The network's own rules for modules, on top of those of Move."""

from movelite.verifier.iota.errors import IotaVerificationError, IotaVerificationTimeout
from movelite.verifier.iota.verifier import verify_module

__all__ = ["IotaVerificationError", "IotaVerificationTimeout", "verify_module"]
