"""Fires a schedule now: sends its target what EventBridge Scheduler would send."""

import json
from typing import Any

from local.aws import LocalAws
from local.errors import LocalCloudError
from local.stack import Stack


def fire(aws: LocalAws, stack: Stack, name: str) -> str:
    """Invokes a schedule's target and waits; raises LocalCloudError when it fails.

    `name` is the schedule's logical id, or that of its function when the event is called `Schedule`
    or is the function's only one.
    """
    target = _target(aws, stack, name)
    answer = aws.client("lambda").invoke(
        FunctionName=target["Arn"], Payload=target.get("Input") or "{}"
    )
    payload = answer["Payload"].read().decode()
    if answer.get("FunctionError"):
        raise LocalCloudError(f"{name} failed: {_message(payload)}")
    return f"{name} done: {payload}"


def schedules(stack: Stack) -> list[str]:
    """The logical ids of all schedules of a stack."""
    return sorted(
        {**stack.of_type("AWS::Scheduler::Schedule"), **stack.of_type("AWS::Events::Rule")}
    )


def _target(aws: LocalAws, stack: Stack, name: str) -> dict[str, Any]:
    by_scheduler = stack.of_type("AWS::Scheduler::Schedule")
    rules = stack.of_type("AWS::Events::Rule")
    known = schedules(stack)
    matching = [each for each in known if each in (name, f"{name}Schedule")] or [
        each for each in known if each.startswith(name)
    ]
    if len(matching) != 1:
        raise LocalCloudError(f"SCHEDULE must be one of {', '.join(known)}")
    chosen = matching[0]
    if chosen in by_scheduler:
        found = aws.client("scheduler").get_schedule(Name=by_scheduler[chosen])
        return dict(found["Target"])
    targets = aws.client("events").list_targets_by_rule(Rule=rules[chosen])["Targets"]
    return dict(targets[0])


def _message(payload: str) -> str:
    try:
        return str(json.loads(payload).get("errorMessage", payload))
    except (ValueError, AttributeError):
        return payload
