"""Git dependencies from what is on this machine: clones of the official tools and local repositories."""

from __future__ import annotations

import os
import re
from pathlib import Path

from .errors import ResolutionError
from .manifest import GitSource

_TIMEOUT_SECONDS = 120


def move_home() -> Path:
    """Where clones are kept: $MOVE_HOME or ~/.move, as the official tools do."""
    return Path(os.environ.get("MOVE_HOME") or Path.home() / ".move")


def clone_folder(source: GitSource) -> Path:
    """Where the clone of a revision belongs."""
    name = re.sub(r"[/:.@]", "_", source.url)
    return move_home() / f"{name}_{source.revision.replace('/', '__')}"


def locate_git(source: GitSource, name: str) -> Path:
    """The folder of a git dependency. Raises: ResolutionError that says how to get it if it is not here."""
    clone = clone_folder(source)
    if not clone.is_dir():
        repository = _local_repository(source.url)
        if repository is None:
            hint = (
                f"Clone it by hand: git clone {source.url} {clone} && git -C {clone} checkout "
                f'{source.revision}\n  Or name a local copy: {name} = {{ local = "..." }}'
            )
            raise ResolutionError(f"dependency '{name}' ({source}) is not on this machine", clone, hint)
        _export(repository, source, clone, name)
    folder = clone / source.folder
    if not folder.is_dir():
        raise ResolutionError(f"dependency '{name}' ({source}) has no such folder", folder)
    return folder


def _local_repository(url: str) -> Path | None:
    path = Path(url.removeprefix("file://")).expanduser()
    return path if path.is_dir() else None


def _export(repository: Path, source: GitSource, clone: Path, name: str) -> None:
    import subprocess  # these take longer to load than a build without git dependencies
    import tarfile
    from io import BytesIO

    command = ["git", "-C", str(repository), "archive", "--format=tar", source.revision]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=_TIMEOUT_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ResolutionError(f"dependency '{name}': git cannot be run: {error}", repository) from None
    if done.returncode != 0:
        reason = done.stderr.decode("utf-8", "replace").strip()
        raise ResolutionError(f"dependency '{name}' ({source}): {reason}", repository)
    clone.mkdir(parents=True, exist_ok=True)
    with tarfile.open(fileobj=BytesIO(done.stdout)) as archive:
        archive.extractall(clone, filter="data")
