"""AWS behind small nouns: bucket, file, table, queue, roles. Nothing else imports botocore.

`broker` is imported by itself: it brings a WebSocket client, which one function needs.
"""

from shared.aws.broker_address import ADDRESS_VALID_S, broker_address
from shared.aws.bucket import Bucket, ObjectMissing, StoredObject, StoredVersion, VersionedObject
from shared.aws.clients import make_clients
from shared.aws.errors import ConditionFailed, TransactionLost
from shared.aws.expressions import Item, Update
from shared.aws.files import File, file_url, store_file, upload_address
from shared.aws.parallel import side_by_side
from shared.aws.queue import Queue, create_queue
from shared.aws.recovery import begin_recovery, is_there
from shared.aws.roles import Credentials, assume_role
from shared.aws.table import Table
from shared.aws.topics import publish
from shared.aws.transactions import Transaction

__all__ = [
    "ADDRESS_VALID_S",
    "Bucket",
    "ConditionFailed",
    "Credentials",
    "File",
    "Item",
    "ObjectMissing",
    "Queue",
    "StoredObject",
    "StoredVersion",
    "Table",
    "Transaction",
    "TransactionLost",
    "Update",
    "VersionedObject",
    "assume_role",
    "begin_recovery",
    "broker_address",
    "create_queue",
    "file_url",
    "is_there",
    "make_clients",
    "publish",
    "side_by_side",
    "store_file",
    "upload_address",
]
