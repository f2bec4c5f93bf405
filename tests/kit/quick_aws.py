"""Answers common calls of DynamoDB, SQS and S3 from moto directly, without HTTP between.

Through botocore's and moto's HTTP a GetItem takes 6 ms of CPU, directly a tenth of one, and a
functional test makes fifty such calls. Parameters are still validated against the service's
description, and answers hold what it describes. A call that fails is made again through HTTP,
so that its error is botocore's own. `tests/shared/aws/test_quick_aws.py` holds both ways
against each other. `quick_s3` answers for S3.
"""

import copy
from collections import defaultdict
from collections.abc import Callable
from contextlib import nullcontext, suppress
from functools import cache
from threading import Condition, RLock
from typing import Any

import botocore.client
import botocore.session
import pytest
from botocore.exceptions import ParamValidationError
from botocore.model import Shape
from botocore.validate import ParamValidator
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.models import MockAWS, botocore_stubber, responses_mock
from moto.core.responses import BaseResponse
from moto.dynamodb import models as dynamodb_models
from moto.dynamodb.models import DynamoDBBackend, Table, dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.responses import DynamoHandler
from moto.s3.models import S3Backend, s3_backends
from moto.sqs import models as sqs_models
from moto.sqs.models import Queue, sqs_backends
from moto.sqs.responses import SQSResponse

from tests.kit.quick_dynamodb import QUICK_IN_DYNAMODB, lighten_keys, quick_dynamodb
from tests.kit.quick_s3 import QUICK_IN_S3, NotQuick, quick_s3
from tools.template import REGION

Params = dict[str, Any]
Call = Callable[[Any, str, Params], Any]


class _Dynamo(DynamoHandler):
    current_account = DEFAULT_ACCOUNT_ID


class _Sqs(SQSResponse):
    current_account = DEFAULT_ACCOUNT_ID


_HANDLERS: dict[str, type[BaseResponse]] = {"dynamodb": _Dynamo, "sqs": _Sqs}
_ACTIONS = {
    ("dynamodb", "BatchGetItem"): "batch_get_item",
    ("dynamodb", "BatchWriteItem"): "batch_write_item",
    ("dynamodb", "DeleteItem"): "delete_item",
    ("dynamodb", "GetItem"): "get_item",
    ("dynamodb", "PutItem"): "put_item",
    ("dynamodb", "Query"): "query",
    ("dynamodb", "TransactWriteItems"): "transact_write_items",
    ("dynamodb", "UpdateItem"): "update_item",
    ("sqs", "CreateQueue"): "create_queue",
    ("sqs", "DeleteMessage"): "delete_message",
    ("sqs", "GetQueueAttributes"): "get_queue_attributes",
    ("sqs", "ReceiveMessage"): "receive_message",
    ("sqs", "SendMessage"): "send_message",
    ("sqs", "SendMessageBatch"): "send_message_batch",
}
_HEAD = {"HTTPStatusCode": 200, "HTTPHeaders": {}, "RetryAttempts": 0}
_validator = ParamValidator()
# Each call happens whole, as on AWS: moto does not see to it, and one that is made again would
# meet what another thread did between.
_one_at_a_time = RLock()


def be_quick(patch: pytest.MonkeyPatch) -> None:
    """Take the short way until the patch is undone."""
    through_http: Call = botocore.client.BaseClient._make_api_call

    def make(self: Any, operation_name: str, api_params: Params) -> Any:
        # A queue may be waited for, while others send to it.
        alone = nullcontext() if self.meta.service_model.service_name == "sqs" else _one_at_a_time
        with alone:
            return made(self, operation_name, api_params)

    def made(self: Any, operation_name: str, api_params: Params) -> Any:
        if self.meta.service_model.service_name == "s3":
            return _of_s3(self, operation_name, api_params, through_http)
        if operation_name in QUICK_IN_DYNAMODB:
            with suppress(NotQuick):
                found = quick_dynamodb(operation_name, api_params, self.meta.region_name)
                return {**found, "ResponseMetadata": dict(_HEAD)}
        action = _ACTIONS.get((self.meta.service_model.service_name, operation_name))
        if action is None:
            return through_http(self, operation_name, api_params)
        _validate(self, operation_name, api_params)
        try:
            return _answer(self, operation_name, action, api_params)
        except Exception:  # Whatever it was, HTTP says it as botocore would.
            through_http(self, operation_name, api_params)
            raise

    patch.setattr(botocore.client.BaseClient, "_make_api_call", make)


def lighten() -> None:
    """Leave out, for good, what moto and botocore do for others than us.

    moto reads its table of S3's addresses from its source at each call, makes 1,300 matchers
    for the library `requests` at each start, which has no user here, converts the names of each
    queue's attributes again, and copies a whole table for each item of a transaction; botocore
    reads the descriptions of services again for each session.
    """
    botocore.session.create_loader = cache(botocore.session.create_loader)
    sqs_models.camelcase_to_underscores = cache(sqs_models.camelcase_to_underscores)
    addresses = S3Backend.urls.fget(s3_backends[DEFAULT_ACCOUNT_ID]["aws"])
    S3Backend.urls = property(lambda self: addresses)
    MockAWS._enable_patching = _start_moto
    lighten_keys()
    transact = DynamoDBBackend.transact_write_items
    dynamodb_models.copy = _Copies()

    def transact_with_small_copies(self: Any, items: list[Params]) -> None:
        dynamodb_models.copy.touched = [next(iter(item.values())) for item in items]
        try:
            transact(self, items)
        finally:
            dynamodb_models.copy.touched = None

    DynamoDBBackend.transact_write_items = transact_with_small_copies


class _Copies:
    """moto's `copy`: of a table that a transaction writes to, only the items it touches.

    moto keeps the copy for the case that the transaction fails. Records of the table's stream
    are shared: no test reads them from moto.
    """

    touched: list[Params] | None = None

    def deepcopy(self, value: Any) -> Any:
        if not isinstance(value, Table) or self.touched is None:
            return copy.deepcopy(value)
        kept = copy.copy(value)
        kept.items = defaultdict(
            dict, {name: copy.copy(ranges) for name, ranges in value.items.items()}
        )
        for operation in self.touched:
            if operation["TableName"] == value.name:
                _own_item(kept, operation.get("Key") or operation["Item"])
        return kept


def _own_item(table: Table, key: Params) -> None:
    """The table's item of this key becomes a copy of its own: an update changes it in place."""
    hashed = DynamoType(key[table.hash_key_attr])
    if table.range_key_attr is None:
        if hashed in table.items:
            table.items[hashed] = copy.deepcopy(table.items[hashed])
        return
    ranges = table.items.get(hashed, {})
    ranged = DynamoType(key[table.range_key_attr])
    if ranged in ranges:
        ranges[ranged] = copy.deepcopy(ranges[ranged])


def _start_moto(self: Any, reset: bool = True) -> None:
    botocore_stubber.enabled = True
    if reset:
        self.reset()
    responses_mock.start()


_tables: dict[str, Table] = {}
_queues: dict[str, Queue] = {}
_queue_urls: dict[str, str] = {}


def make_tables(make: Callable[[], None]) -> None:
    """Let there be the tables that `make` makes; it is asked once a process."""
    backend = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION]
    if not _tables:
        make()
        _tables.update(backend.tables)
    backend.tables = {name: _empty_table(table) for name, table in _tables.items()}


def _empty_table(made: Table) -> Table:
    return _another(
        made,
        items=defaultdict(dict),
        tags=[*made.tags],
        ttl={**made.ttl},
        continuous_backups=copy.deepcopy(made.continuous_backups),
    )


def make_queues(make: Callable[[], dict[str, str]]) -> dict[str, str]:
    """Let there be the queues that `make` makes; it is asked once a process. What it answered."""
    backend = sqs_backends[DEFAULT_ACCOUNT_ID][REGION]
    if not _queues:
        _queue_urls.update(make())
        _queues.update(backend.queues)
    backend.queues = {name: _empty_queue(queue) for name, queue in _queues.items()}
    for queue in backend.queues.values():
        if queue.dead_letter_queue is not None:
            queue.dead_letter_queue = backend.queues[queue.dead_letter_queue.name]
    return dict(_queue_urls)


def _empty_queue(made: Queue) -> Queue:
    return _another(
        made,
        tags={},
        permissions={},
        _messages=[],
        _pending_messages=set(),
        deleted_messages=set(),
        _messages_lock=Condition(),
    )


def _another(made: Any, **own: Any) -> Any:
    another = copy.copy(made)
    vars(another).update(own)
    return another


def make_bucket(name: str, *, versioned: bool) -> None:
    """Make an empty bucket."""
    backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    backend.create_bucket(name, REGION)
    if versioned:
        backend.put_bucket_versioning(name, "Enabled")


def _of_s3(client: Any, operation: str, params: Params, through_http: Call) -> Any:
    if operation not in QUICK_IN_S3:
        return through_http(client, operation, params)
    _validate(client, operation, params)
    try:
        return {**quick_s3(operation, params), "ResponseMetadata": dict(_HEAD)}
    except NotQuick:
        return through_http(client, operation, params)


def _validate(client: Any, operation: str, params: Params) -> None:
    shape = client.meta.service_model.operation_model(operation).input_shape
    report = _validator.validate(params, shape)
    if report.has_errors():
        raise ParamValidationError(report=report.generate_report())


def _answer(client: Any, operation: str, action: str, params: Params) -> Params:
    handler: Any = _HANDLERS[client.meta.service_model.service_name]()
    handler.region, handler.uri = client.meta.region_name, f"{client.meta.endpoint_url}/"
    handler.body = handler.params = _copied(params)
    handler.uri_match = {}
    result = getattr(handler, action)().result
    shape = client.meta.service_model.operation_model(operation).output_shape
    found = _shaped(result or {}, shape) if shape else {}
    return {**found, "ResponseMetadata": dict(_HEAD)}


def _copied(value: Any) -> Any:
    """What HTTP would have carried: nothing that is stored is shared with the caller."""
    if isinstance(value, dict):
        return {name: _copied(part) for name, part in value.items()}
    if isinstance(value, list | tuple | set):
        return [_copied(part) for part in value]
    return value


def _shaped(value: Any, shape: Shape) -> Any:
    """A copy of an answer's part, with what the service's description knows of."""
    match shape.type_name:
        case "structure":
            known = ((name, part) for name, part in value.items() if name in shape.members)
            return {
                name: _shaped(part, shape.members[name]) for name, part in known if part is not None
            }
        case "map":
            return {name: _shaped(part, shape.value) for name, part in value.items()}
        case "list":
            return [_shaped(part, shape.member) for part in value]
        case "string":
            return str(value)
    return value
