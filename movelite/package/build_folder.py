"""What a build leaves beside the sources: `build/NAME/bytecode_modules/*.mv`, as other tools look for it."""

from __future__ import annotations

import contextlib
from pathlib import Path

from .build import BuiltPackage
from .errors import PackageError

BYTECODE_MODULES = "bytecode_modules"


def write_build(built: BuiltPackage, root: Path) -> Path:
    """Write the modules of a build under root/build; modules of former builds go. Returns their folder.

    Raises: PackageError if the folder cannot be written.
    """
    folder = root / "build" / built.name / BYTECODE_MODULES
    try:
        folder.mkdir(parents=True, exist_ok=True)
        names = {f"{module.name}.mv" for module in built.modules}
        for stale in folder.glob("*.mv"):
            if stale.name not in names:
                with contextlib.suppress(FileNotFoundError):  # another build may be doing the same
                    stale.unlink()
        for module in built.modules:
            (folder / f"{module.name}.mv").write_bytes(module.bytecode)
    except OSError as error:
        hint = "Make the folder writable, or give another with --install-dir."
        raise PackageError(f"cannot write {error.filename}: {error.strerror}", root, hint) from error
    return folder
