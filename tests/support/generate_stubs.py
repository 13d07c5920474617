"""Generate the gRPC stubs from proto/rpc/*.proto: `python -m tests.support.generate_stubs`."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet

ROOT = Path(__file__).resolve().parents[2]


def generate(target: Path = ROOT) -> None:
    """Write the stubs of every .proto file under target/proto/rpc.

    Raises: RuntimeError if the compiler refuses a file.
    """
    _protoc(*(f"--{kind}_out={target}" for kind in ("python", "pyi", "grpc_python")))


def compile_descriptors(folder: Path) -> FileDescriptorSet:
    """What the .proto files say now; folder: where the compiler may write.

    Raises: RuntimeError if the compiler refuses a file.
    """
    output = folder / "descriptors"
    _protoc(f"--descriptor_set_out={output}")
    return FileDescriptorSet.FromString(output.read_bytes())


def _protoc(*options: str) -> None:
    from grpc_tools import protoc

    sources = sorted(str(path) for path in (ROOT / "proto" / "rpc").glob("*.proto"))
    well_known = str(resources.files("grpc_tools") / "_proto")
    if protoc.main(["protoc", f"-I{ROOT}", f"-I{well_known}", *options, *sources]) != 0:
        raise RuntimeError("protoc refused " + ", ".join(sources))


if __name__ == "__main__":
    generate()
