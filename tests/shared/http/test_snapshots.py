"""What happens around a snapshot: clients are made before it, randomness differs after it."""

import random

import snapshot_restore_py
from fastapi import APIRouter

from shared.aws import clients
from shared.aws.clients import SERVICES
from shared.http import create_app


def hooks(registry: list[object]) -> list[object]:
    """The functions that are registered, without arguments."""
    return [function for function, _, _ in registry]


def test_clients_are_there_when_the_snapshot_is_taken(aws: None) -> None:
    create_app("Any", APIRouter())
    clients._client.cache_clear()

    for function in hooks(snapshot_restore_py.get_before_snapshot())[-1:]:
        function()

    made = clients._client.cache_info()
    # S3 has a second one, whose calls are made once.
    assert made.currsize == len(SERVICES) + 1
    clients.client("dynamodb")
    assert clients._client.cache_info().misses == made.misses


def test_each_life_has_its_own_randomness_after_the_snapshot() -> None:
    create_app("Any", APIRouter())
    random.seed(1)
    without = random.random()
    random.seed(1)

    for function in hooks(snapshot_restore_py.get_after_restore())[-1:]:
        function()

    assert random.random() != without
