"""What a folder of wheels consists of, as a CycloneDX list and as a table of licences; an unfit licence is an error.

python tools/sbom.py FOLDER_OF_WHEELS LIST.cdx.json LICENCES.txt
"""

import email
import hashlib
import json
import re
import sys
import uuid
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path

from build_dist import source_time
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from license_expression import ExpressionError, LicenseWithExceptionSymbol, get_spdx_licensing
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

OPENSEADRAGON = "lennox/report/viewer/openseadragon.min.js"
SPDX = {  # what packages say that have no licence expression yet
    "MIT License": "MIT",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "FreeBSD": "BSD-2-Clause",
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Mozilla Public License 1.1 (MPL 1.1)": "MPL-1.1",
    "ISC License (ISCL)": "ISC",
    "Python Software Foundation License": "PSF-2.0",
    "Historical Permission Notice and Disclaimer (HPND)": "HPND",
    "GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.1-or-later",
}


@dataclass(frozen=True)
class Wheel:
    """One of them. needs : names of packages that it requires, extras left out"""

    name: str
    version: str
    licence: str
    sha256: str
    needs: frozenset[str]


def licence_of(metadata: Message) -> str:
    """The SPDX expression of a package, or of older metadata what it stands for; "" if it does not say."""
    expression: str = metadata.get("License-Expression") or ""
    if expression:
        return expression
    classifiers = metadata.get_all("Classifier") or []
    said = [line.rpartition(" :: ")[2] for line in classifiers if line.startswith("License :: OSI Approved :: ")]
    said = said or [(metadata.get("License") or "").strip()]
    return " OR ".join(SPDX.get(text, text) for text in said)


def is_fit(licence: str) -> bool:
    """Whether what lennox brings along may be under it: neither GPL nor AGPL, if there is a choice.

    The GPL with the exception of GCC's run-time library is fit: it is made for what every compiled program carries.
    """
    try:
        parsed = get_spdx_licensing().parse(licence, validate=True)
    except ExpressionError:
        return False
    return parsed is not None and _is_fit(parsed)


def _is_fit(part: object) -> bool:
    operator, arguments = getattr(part, "operator", ""), getattr(part, "args", ())
    if operator:
        fits = [_is_fit(argument) for argument in arguments]
        return any(fits) if operator.strip() == "OR" else all(fits)
    if isinstance(part, LicenseWithExceptionSymbol):
        return str(part.exception_symbol).startswith("GCC-exception") or _is_fit(part.license_symbol)
    return not re.match("A?GPL", str(part), re.IGNORECASE)


def read_wheel(path: Path) -> Wheel:
    """What its metadata say."""
    with zipfile.ZipFile(path) as wheel:
        name = next(name for name in wheel.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name))
        metadata = email.message_from_bytes(wheel.read(name))
    needs = [Requirement(line) for line in metadata.get_all("Requires-Dist") or []]
    return Wheel(
        canonicalize_name(metadata["Name"]),
        metadata["Version"],
        licence_of(metadata),
        hashlib.sha256(path.read_bytes()).hexdigest(),
        frozenset(canonicalize_name(need.name) for need in needs if "extra" not in str(need.marker)),
    )


def _component(wheel: Wheel) -> Component:
    return Component(
        type=ComponentType.APPLICATION if wheel.name == "lennox" else ComponentType.LIBRARY,
        name=wheel.name,
        version=wheel.version,
        bom_ref=f"{wheel.name}=={wheel.version}",
        purl=PackageURL("pypi", name=wheel.name, version=wheel.version),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=wheel.sha256)],
        licenses=[LicenseExpression(wheel.licence)],
    )


def parts_of_lennox(path: Path) -> list[Component]:
    """What lennox's own wheel carries that others made, or that was learnt: the viewer and the models."""
    with zipfile.ZipFile(path) as wheel:
        viewer = wheel.read(OPENSEADRAGON)
        version = re.search(rb"openseadragon (\d+\.\d+\.\d+)", viewer)
        found = [
            Component(
                type=ComponentType.LIBRARY,
                name="openseadragon",
                version=version[1].decode() if version else None,
                bom_ref="openseadragon",
                purl=PackageURL("npm", name="openseadragon", version=version[1].decode() if version else None),
                hashes=[HashType(alg=HashAlgorithm.SHA_256, content=hashlib.sha256(viewer).hexdigest())],
                licenses=[LicenseExpression("BSD-3-Clause")],
            )
        ]
        for name in wheel.namelist():
            if re.fullmatch(r"lennox/models/[^/]+/card\.json", name):
                card = json.loads(wheel.read(name))
                weights = wheel.read(f"lennox/models/{card.get('weights_of', card['name'])}/model.onnx")
                found.append(
                    Component(
                        type=ComponentType.MACHINE_LEARNING_MODEL,
                        name=card["name"],
                        version=card["version"],
                        bom_ref=f"model {card['name']}",
                        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=hashlib.sha256(weights).hexdigest())],
                        licenses=[LicenseExpression("Apache-2.0")],
                    )
                )
    return found


def bill(wheels: Iterable[Path]) -> Bom:
    """The list. Its identity follows from what is in it, and its time is that of the commit."""
    paths = sorted(wheels)
    found = [read_wheel(path) for path in paths]
    components = {wheel.name: _component(wheel) for wheel in found}
    own = next((path for path in paths if path.name.startswith("lennox-")), None)
    parts = parts_of_lennox(own) if own else []
    root = components.get("lennox")
    bom = Bom(components=[*(one for one in components.values() if one is not root), *parts])
    if root is not None:
        bom.metadata.component = root
    for wheel in found:
        needs = [components[name] for name in sorted(wheel.needs & components.keys())]
        bom.register_dependency(components[wheel.name], [*needs, *(parts if wheel.name == "lennox" else [])])
    bom.serial_number = uuid.uuid5(uuid.NAMESPACE_URL, " ".join(wheel.sha256 for wheel in found))
    bom.metadata.timestamp = datetime.fromtimestamp(int(source_time()), UTC)
    inside = "What a wheel carries of other libraries is listed in its .dist-info/sboms (PEP 770) or licence files."
    bom.metadata.properties.add(Property(name="lennox:scope", value=inside))
    return bom


def table(wheels: Iterable[Path]) -> str:
    """A line a package: name, version, licence. Raises SystemExit for a licence that is not fit to come along."""
    found = [read_wheel(path) for path in sorted(wheels)]
    unfit = [f"{wheel.name} ({wheel.licence or 'says no licence'})" for wheel in found if not is_fit(wheel.licence)]
    if unfit:
        raise SystemExit(f"May not come along with lennox: {', '.join(unfit)}.")
    return "".join(f"{wheel.name} {wheel.version}  {wheel.licence}\n" for wheel in found)


def write(folder: Path, listed: Path, licences: Path) -> None:
    """Both files, of the wheels of a folder."""
    wheels = list(folder.glob("*.whl"))
    licences.write_text(table(wheels), "utf-8")
    outputter = make_outputter(bill(wheels), OutputFormat.JSON, SchemaVersion.V1_6)
    listed.write_text(outputter.output_as_string(indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    write(*map(Path, sys.argv[1:4]))
