"""Callbacks: signed webhooks about ends of jobs, delivered for a day, never to private addresses.

Knows a job only by what it is told (`JobEnd`); nothing here changes a job.
"""

from shared.callbacks.addresses import CallbackRefused, check_callback_url
from shared.callbacks.delivery import Deliveries, Delivery
from shared.callbacks.outbox import CallbackOutbox, JobEnd
from shared.callbacks.records import CallbackRecords, Try

__all__ = [
    "CallbackOutbox",
    "CallbackRecords",
    "CallbackRefused",
    "Deliveries",
    "Delivery",
    "JobEnd",
    "Try",
    "check_callback_url",
]
