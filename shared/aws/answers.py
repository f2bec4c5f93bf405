"""Answers of DynamoDB, read without building each attribute value a second time.

Botocore takes every `{"S": …}` apart by its description and puts an equal dict together: 6 ms of
CPU for the thirty days of a catalog. They are left as JSON has them; `shared.aws.attributes`
reads both forms.
"""

from typing import Any

from botocore.model import Shape
from botocore.parsers import JSONParser, ResponseParser, ResponseParserFactory

# Attribute values, and what holds nothing else: items, and lists of items.
_AS_IS = frozenset({"AttributeValue", "AttributeMap", "ItemList"})


class AnswerParsers(ResponseParserFactory):  # type: ignore[misc]  # Botocore has no types.
    """Botocore's parsers, but for the protocol of DynamoDB."""

    def create_parser(self, protocol_name: str) -> ResponseParser:
        """The parser of a protocol's answers."""
        if protocol_name == "json":
            return _Parser(**self._defaults)
        return super().create_parser(protocol_name)


class _Parser(JSONParser):  # type: ignore[misc]
    def _parse_shape(self, shape: Shape, node: Any) -> Any:
        return node if shape.name in _AS_IS else super()._parse_shape(shape, node)
