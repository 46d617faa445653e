"""Generates the contract's code, type stubs and descriptor image into gen/, when anything that they depend on changed.

protovalidate ships its rules as a Python module and no .proto file, so protoc gets them as a descriptor set.
"""

import hashlib
import os
import shutil
import sys
import tempfile
from importlib.metadata import distribution, version
from pathlib import Path

from google.protobuf import descriptor_pb2, duration_pb2, field_mask_pb2, timestamp_pb2
from grpc_tools import protoc
from protovalidate._gen.buf.validate import validate_pb

ROOT = Path(__file__).resolve().parent
GEN = ROOT / "gen"
STAMP = GEN / ".digest"
TOOLS = ("grpcio-tools", "googleapis-common-protos", "mypy-protobuf", "protobuf", "protovalidate")


def main() -> None:
    """Brings gen/ up to date; does nothing when its stamp says that it is."""
    sources = sorted(ROOT.glob("comanda/**/*.proto"))
    digest = digest_of(sources)
    if STAMP.exists() and STAMP.read_text() == digest:
        return
    with tempfile.TemporaryDirectory(dir=ROOT, prefix=".gen-") as scratch:
        generate(sources, Path(scratch))
        replace_tree(Path(scratch), GEN)
    STAMP.write_text(digest)
    print(f"Generated the code of {len(sources)} proto files into {GEN.relative_to(ROOT.parent)}")


def digest_of(sources: list[Path]) -> str:
    """A digest over every source with its path, the versions of the tools, and this program."""
    digest = hashlib.sha256("".join(f"{tool}={version(tool)};" for tool in TOOLS).encode())
    for path in [*sources, Path(__file__)]:
        content = path.read_bytes()
        digest.update(f"{path.relative_to(ROOT)}:{len(content)}:".encode() + content)
    return digest.hexdigest()


def generate(sources: list[Path], target: Path) -> None:
    """Runs protoc once for everything; exits with protoc's own messages when a source is wrong."""
    (target / "comanda").mkdir()
    rules = target / "validate.binpb"
    rules.write_bytes(validation_rules().SerializeToString())
    status = protoc.main(
        [
            "protoc",
            f"--descriptor_set_in={rules}",
            f"-I{ROOT}",
            f"-I{distribution('googleapis-common-protos').locate_file('')}",
            f"-I{Path(protoc.__file__).parent / '_proto'}",
            f"--plugin=protoc-gen-mypy={plugin('protoc-gen-mypy')}",
            f"--plugin=protoc-gen-mypy_grpc={plugin('protoc-gen-mypy_grpc')}",
            f"--python_out={target}",
            f"--mypy_out=quiet:{target}",
            f"--grpc_python_out={target}",
            f"--mypy_grpc_out=quiet,only_async:{target}",
            f"--descriptor_set_out={target / 'comanda' / 'image.binpb'}",
            "--include_imports",
            "--include_source_info",
            "buf/validate/validate.proto",
            *(str(path.relative_to(ROOT)) for path in sources),
        ]
    )
    rules.unlink()
    if status != 0:
        sys.exit(status)


def validation_rules() -> descriptor_pb2.FileDescriptorSet:
    """buf/validate/validate.proto and what it imports, taken from the installed packages."""
    files = descriptor_pb2.FileDescriptorSet()
    for module in (descriptor_pb2, duration_pb2, field_mask_pb2, timestamp_pb2):
        module.DESCRIPTOR.CopyToProto(files.file.add())
    files.file.add().ParseFromString(validate_pb.desc().proto.to_binary())
    return files


def plugin(name: str) -> str:
    """The path of a protoc plugin: beside the running Python, or on PATH in an isolated build."""
    found = shutil.which(name, path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if found is None:
        sys.exit(f"{name} is missing: run `make setup`")
    return found


def replace_tree(fresh: Path, target: Path) -> None:
    """Makes `target` equal to `fresh` file by file, so that a process that is importing from it never sees it empty."""
    wanted = {path.relative_to(fresh) for path in fresh.rglob("*") if path.is_file()}
    for name in wanted:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (fresh / name).replace(target / name)
    for path in target.rglob("*"):
        if path.is_file() and path.relative_to(target) not in wanted and "__pycache__" not in path.parts:
            path.unlink()


if __name__ == "__main__":
    main()
