"""The software bill of materials: CycloneDX 1.6, as JSON.

Written here and not with the format's Python library, which puts the time into every document: the
same hand-off has the same bill, and its serial number is derived from what is in it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tinyflow import __version__, checksums
from tinyflow.artifacts import CompiledModel, FirmwareImage, TensorSpec
from tinyflow.errors import ProjectError
from tinyflow.handoff.toolchain import Compiler, LinkedLibrary

NAME = "sbom.cdx.json"
SPEC = "1.6"
MAX_BYTES = 8 << 20
NAMESPACE = uuid.UUID("8a1f6a54-6d2f-5b0e-9c55-0d3b1b6e7a10")
APACHE = [{"license": {"id": "Apache-2.0"}}]
# What is compiled, or included by what is.
SOURCES = (".c", ".h", ".S", ".cpp", ".def")

Json = dict[str, Any]

# Where an SDK is in the image: its parts, and what of its compiler's libraries, are not known.
_INCOMPLETE = [
    {"aggregate": "incomplete_third_party_only", "dependencies": ["firmware"]},
    {"aggregate": "incomplete", "assemblies": ["sdk"]},
]


def write(
    folder: Path,
    compiled: CompiledModel,
    image: FirmwareImage,
    compiler: Compiler | None,
    libraries: Sequence[LinkedLibrary],
    sdk: str = "",
) -> None:
    """Write the bill of the hand-off in `folder`, whose other files are there already.

    `sdk` is PlatformIO's platform with its version, empty where the image is built without one.
    """
    title = f"{compiled.name}-{image.board}"
    model = f"model/{compiled.model.name}"
    groups = _grouped(folder, compiled.name)
    components = [
        {
            "type": "machine-learning-model",
            "bom-ref": "model",
            "name": compiled.name,
            "version": compiled.model_sha256[:16],
            "description": f"{model}, {compiled.input.dtype}",
            "hashes": _hashes(compiled.model_sha256),
            "modelCard": {
                "modelParameters": {
                    "inputs": [_format(spec) for spec in compiled.inputs],
                    "outputs": [_format(spec) for spec in compiled.outputs],
                }
            },
        },
        *(_own(folder, ref, text, files) for ref, text, files in groups),
        *(_linked(library) for library in libraries),
    ]
    if sdk:
        name, _, version = sdk.partition("@")
        components.append(
            {
                "type": "framework",
                "bom-ref": "sdk",
                "name": name.strip(),
                "version": version.strip() or "not pinned",
                "description": "PlatformIO's platform. Parts of this SDK and libraries of its "
                "compiler are in the image; which they are is not listed here",
            }
        )
    if compiler is not None:
        components.append(
            {
                "type": "application",
                "bom-ref": "compiler",
                "name": compiler.name,
                "version": compiler.version,
                "description": compiler.text,
                "scope": "excluded",
                "hashes": _hashes(compiler.sha256),
                **({"licenses": [{"expression": compiler.licence}]} if compiler.licence else {}),
            }
        )
    inside = [c["bom-ref"] for c in components if c.get("scope") != "excluded"]
    bill: Json = {
        "$schema": f"http://cyclonedx.org/schema/bom-{SPEC}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPEC,
        "version": 1,
        "metadata": {
            "lifecycles": [{"phase": "build"}],
            "tools": {
                "components": [{"type": "application", "name": "tinyflow", "version": __version__}]
            },
            "component": {
                "type": "firmware",
                "bom-ref": "firmware",
                "name": title,
                "version": image.build_id,
                "description": f"Model {compiled.name} on board {image.board}",
                "hashes": _hashes(image.sha256),
            },
        },
        "components": components,
        "dependencies": [
            {"ref": "firmware", "dependsOn": inside},
            *({"ref": component["bom-ref"]} for component in components),
        ],
        **({"compositions": _INCOMPLETE} if sdk else {}),
    }
    content = json.dumps(bill, sort_keys=True)
    serial = uuid.uuid5(NAMESPACE, content).urn
    text = json.dumps({**bill, "serialNumber": serial}, indent=2) + "\n"
    (folder / NAME).write_bytes(text.encode())


def findings(folder: Path, model_sha256: str, build_id: str) -> list[str]:
    """What in the bill of the hand-off in `folder` is not so. It comes from outside."""
    bill = _read(folder / NAME)
    found = []
    try:
        firmware = bill["metadata"]["component"]
        if firmware["version"] != build_id:
            found.append(f"its firmware is build {firmware['version']}, the hand-off's {build_id}")
        models = [c for c in bill["components"] if c["type"] == "machine-learning-model"]
        if [_sha256(model) for model in models] != [model_sha256]:
            found.append("its model is not the hand-off's")
        files = {
            item["name"]: _sha256(item)
            for component in bill["components"]
            for item in component.get("components", ())
            if item["type"] == "file"
        }
        said = bill["serialNumber"]
        rest = {key: value for key, value in bill.items() if key != "serialNumber"}
        if said != uuid.uuid5(NAMESPACE, json.dumps(rest, sort_keys=True)).urn:
            found.append("its serial number is not that of its content")
    except (KeyError, TypeError, IndexError, AttributeError, ValueError) as error:
        return [f"it is not as tinyflow writes it: {type(error).__name__} {error}"]
    there = {name for name in checksums.listing(folder) if _is_listed(name)}
    found += [f"{name} is not in it" for name in sorted(there - files.keys())]
    for name, sha256 in sorted(files.items()):
        if name not in there:
            found.append(f"{name[:200]!r} is in it, but not in the hand-off")
        elif checksums.file_sha256(folder / name) != sha256:
            found.append(f"{name} has another hash there")
    return found


def _read(file: Path) -> Json:
    try:
        with file.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
        bill = json.loads(raw)
    except OSError as error:
        raise ProjectError(f"{file} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ProjectError(f"{file} is not JSON: {error}") from None
    if len(raw) > MAX_BYTES or not isinstance(bill, dict):
        raise ProjectError(f"{file} is not a bill of materials")
    return bill


def _is_listed(name: str) -> bool:
    """Whether a file of a hand-off is in its bill: all code, and the image."""
    if name.startswith(("library/", "firmware/")):
        return name.endswith(SOURCES)
    return name.startswith("image/") and not name.endswith((".sh", ".bat"))


def _grouped(folder: Path, name: str) -> list[tuple[str, str, list[str]]]:
    """The hand-off's files by what they are: a reference, what it says, the paths."""
    groups: Mapping[str, tuple[str, list[str]]] = {
        "generated": (f"Model {name} as C, and the one call that runs it", []),
        "kernels": ("Inference kernels and their headers", []),
        "runtime": ("Device protocol, session and telemetry", []),
        "application": ("Application, port layer and start-up code", []),
        "image": ("The prebuilt image", []),
    }
    for path in filter(_is_listed, checksums.listing(folder)):
        file = path.rpartition("/")[2]
        if path.startswith("image/"):
            kind = "image"
        elif path.startswith("firmware/lib/tnf_runtime/"):
            kind = "runtime"
        elif path.startswith(("library/", f"firmware/lib/{name}/")):
            own = (f"{name}.c", f"{name}.h", f"{name}_run.", f"{name}_weights.")
            kind = "generated" if file.startswith(own) or file.endswith(".ino") else "kernels"
        else:
            kind = "application"
        groups[kind][1].append(path)
    return [(ref, text, files) for ref, (text, files) in groups.items() if files]


def _own(folder: Path, ref: str, text: str, files: Sequence[str]) -> Json:
    """A part of tinyflow's, file by file."""
    return {
        "type": "library" if ref != "image" else "firmware",
        "bom-ref": ref,
        "name": f"tinyflow-{ref}",
        "version": __version__,
        "description": text,
        # What is generated or linked has the model in it, whose licence is not known here.
        **({"licenses": APACHE} if ref not in ("generated", "image") else {}),
        "components": [
            {
                "type": "file",
                "bom-ref": f"file:{name}",
                "name": name,
                "hashes": _hashes(checksums.file_sha256(folder / name)),
            }
            for name in files
        ],
    }


def _linked(library: LinkedLibrary) -> Json:
    spdx = " WITH " in library.licence
    return {
        "type": "library",
        "bom-ref": library.name,
        "name": library.name,
        "version": library.version,
        "description": "Of the compiler; in the image as the linker's map file shows",
        **({"hashes": _hashes(library.sha256)} if library.sha256 else {}),
        "licenses": [
            {"expression": library.licence} if spdx else {"license": {"name": library.licence}}
        ],
        "properties": [
            {"name": "tinyflow:files", "value": ", ".join(library.files)},
            {"name": "tinyflow:objects", "value": ", ".join(library.members)},
        ],
    }


def _hashes(sha256: str) -> list[Json]:
    return [{"alg": "SHA-256", "content": sha256}]


def _sha256(component: Json) -> str:
    return next(str(item["content"]) for item in component["hashes"] if item["alg"] == "SHA-256")


def _format(spec: TensorSpec) -> dict[str, str]:
    return {"format": f"{spec.dtype} {list(spec.shape)}"}
