"""template.yaml as data: resources by type, and their properties with intrinsics resolved.

Resolves what this repository's template uses (Ref, GetAtt, Sub, If, Equals, Not, Join) against
parameter defaults and invented physical names; not a CloudFormation engine.
"""

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
ACCOUNT = "123456789012"
REGION = "us-east-1"
STACK = "evalyard"
_PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Region": REGION,
    "AWS::StackName": STACK,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::NoValue": "",
}
_SUB = re.compile(r"\$\{([^}!]+)\}")


class _Loader(yaml.CSafeLoader):
    """YAML with CloudFormation's short intrinsics as their long forms."""


def _intrinsic(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        return {name: value.split(".", 1) if suffix == "GetAtt" else value}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {name: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _intrinsic)


@dataclass
class Template:
    """The parsed template; `physical` holds what Ref answers for resources that exist by now."""

    document: dict[str, Any]
    physical: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Resources of one type by logical id, unless their condition does not hold."""
        found = self.document["Resources"].items()
        return {name: body for name, body in found if body["Type"] == kind and self._exists(body)}

    def _exists(self, resource: dict[str, Any]) -> bool:
        return "Condition" not in resource or self._condition(resource["Condition"])

    def functions(self) -> dict[str, dict[str, Any]]:
        """All functions by logical id."""
        return self.of_type("AWS::Serverless::Function")

    def environment(self, function: str) -> dict[str, str]:
        """A function's variables, globals included, resolved."""
        common = self.document["Globals"]["Function"]["Environment"]["Variables"]
        own = self.functions()[function]["Properties"].get("Environment", {}).get("Variables", {})
        return {name: str(self.resolve(value)) for name, value in {**common, **own}.items()}

    def resolve(self, value: Any) -> Any:
        """A value with its intrinsics evaluated."""
        if isinstance(value, list):
            return [self.resolve(part) for part in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self._intrinsic(name, argument)
        return {name: self.resolve(part) for name, part in value.items()}

    def _intrinsic(self, name: str, argument: Any) -> Any:
        match name:
            case "Ref":
                return self._ref(argument)
            case "Fn::GetAtt":
                return self._attribute(
                    *(argument if isinstance(argument, list) else argument.split(".", 1))
                )
            case "Fn::Sub":
                return self._sub(argument)
            case "Fn::Join":
                return argument[0].join(self.resolve(argument[1]))
            case "Fn::If":
                return self.resolve(argument[1 if self._condition(argument[0]) else 2])
        raise AssertionError(f"this reader of templates does not know {name}")

    def _condition(self, name: str) -> bool:
        return self._is_true(self.document["Conditions"][name])

    def _is_true(self, condition: dict[str, Any]) -> bool:
        ((name, argument),) = condition.items()
        if name == "Fn::Not":
            return not self._is_true(argument[0])
        assert name == "Fn::Equals", f"this reader of templates does not know {name}"
        (left, right) = argument
        # CloudFormation compares texts; parameters are never anything else.
        return str(self.resolve(left)) == str(self.resolve(right))

    def _ref(self, name: str) -> str:
        if name in _PSEUDO:
            return _PSEUDO[name]
        if name in self.document["Parameters"]:
            return self.parameters.get(
                name, str(self.document["Parameters"][name].get("Default", ""))
            )
        return self.physical.get(name, f"{STACK}-{name}")

    def _sub(self, argument: Any) -> str:
        text, extra = argument if isinstance(argument, list) else (argument, {})

        def replaced(match: re.Match[str]) -> str:
            name = match.group(1)
            if name in extra:
                return str(self.resolve(extra[name]))
            return str(self._attribute(*name.split(".", 1)) if "." in name else self._ref(name))

        return _SUB.sub(replaced, text).replace("${!", "${")

    def queue_name(self, logical_id: str) -> str:
        """The name that a queue has or, unless the template gives one, gets."""
        given = self.document["Resources"][logical_id].get("Properties", {}).get("QueueName")
        return str(self.resolve(given)) if given else f"{STACK}-{logical_id}"

    def _attribute(self, name: str, attribute: str) -> str:
        kind = self.document["Resources"][name]["Type"]
        if kind == "AWS::SQS::Queue":
            queue = self.queue_name(name)
            url = self.physical.get(name, "")
            names = {
                "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}",
                "QueueName": queue,
                "QueueUrl": url,
            }
            return names[attribute]
        prefixes = {
            "AWS::DynamoDB::Table": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/",
            "AWS::S3::Bucket": "arn:aws:s3:::",
            "AWS::IAM::Role": f"arn:aws:iam::{ACCOUNT}:role/",
            "AWS::Serverless::Function": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:",
        }
        return f"{prefixes.get(kind, '')}{self._ref(name)}"


@cache
def _document() -> dict[str, Any]:
    text = (ROOT / "template.yaml").read_text()
    document: dict[str, Any] = yaml.load(text, _Loader)  # noqa: S506 - a safe loader with tags added
    return document


def read_template() -> Template:
    """The repository's template, with nothing deployed yet."""
    return Template(_document())
