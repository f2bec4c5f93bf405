"""Packs what `sam build` made, uncompressed, for `sam deploy` to upload as it is.

SAM would compress the same hundred megabytes at each deployment, and the local AWS inflate them at
each cold start. Equal content gives equal bytes, so that SAM sees what did not change.
"""

import zipfile
from pathlib import Path

import yaml

# The property that names the folder, by type of resource.
_FOLDER_OF = {
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
}
_EARLIEST = (1980, 1, 1, 0, 0, 0)


def pack_build(build: Path) -> Path:
    """Packs each function and layer next to its folder; a template that names the packages."""
    template = yaml.safe_load((build / "template.yaml").read_text(encoding="utf-8"))
    for resource in template["Resources"].values():
        member = _FOLDER_OF.get(resource["Type"])
        if member:
            folder = build / resource["Properties"][member]
            resource["Properties"][member] = _pack(folder).name
    packed = build / "packed.yaml"
    packed.write_text(yaml.safe_dump(template, sort_keys=False), encoding="utf-8")
    return packed


def _pack(folder: Path) -> Path:
    package = folder.with_name(f"{folder.name}.zip")
    with zipfile.ZipFile(package, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(str(path.relative_to(folder)), _EARLIEST)
                entry.external_attr = path.stat().st_mode << 16
                archive.writestr(entry, path.read_bytes())
    return package
