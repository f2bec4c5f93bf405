"""What the source template declares, read without resolving anything."""

from pathlib import Path
from typing import Any

import yaml


class _AnyTag(yaml.SafeLoader):
    """YAML with CloudFormation's short forms (`!Ref`, `!Sub`, …) read as nothing in particular."""


def _ignore(loader: Any, _suffix: str, node: Any) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node)
    return loader.construct_mapping(node)


_AnyTag.add_multi_constructor("!", _ignore)


def read_template(path: Path) -> dict[str, Any]:
    """The template as plain values; intrinsic functions keep only their argument."""
    content = yaml.load(path.read_text(encoding="utf-8"), Loader=_AnyTag)  # noqa: S506 - a SafeLoader
    return dict(content)


def declared_parameters(path: Path) -> set[str]:
    """Names of the parameters that a deployment may set."""
    return set(read_template(path).get("Parameters", {}))
