"""Callbacks: signed webhooks about ends of jobs, delivered for a day, never to private addresses.

Knows a job only by what it is given (`JobEnd`); nothing here changes a job.
"""

from shared.callbacks.addresses import CallbackRefused, check_callback_url
from shared.callbacks.delivery import Deliveries, Delivery
from shared.callbacks.outbox import CallbackOutbox, JobEnd
from shared.callbacks.pings import Pinged, Pings
from shared.callbacks.records import Callback, CallbackRecords, Try
from shared.callbacks.redelivery import Redeliveries
from shared.callbacks.sending import Sender
from shared.callbacks.urls import CallbackUrls

__all__ = [
    "Callback",
    "CallbackOutbox",
    "CallbackRecords",
    "CallbackRefused",
    "CallbackUrls",
    "Deliveries",
    "Delivery",
    "JobEnd",
    "Pinged",
    "Pings",
    "Redeliveries",
    "Sender",
    "Try",
    "check_callback_url",
]
