"""What an answer of the gateway costs on AWS: a formula, held against counted messages by a test.

Every message of AWS IoT is metered twice, when it comes in and when it goes out to who hears it
(https://aws.amazon.com/iot-core/pricing/additional-details/); acknowledgements, pings and
answers to subscriptions are not, as both sides hear with QoS 0.
"""

from collections import Counter
from dataclasses import dataclass
from math import ceil, floor
from typing import Final

from bench.metering import Amounts
from bench.prices import PriceBook
from bench.section import Cell, Section

FLUSH_S: Final = 0.05
_ALIVE_EVERY_S: Final = 2.0
_KEEP_EVERY_S: Final = 5.0
_MEMORY_GB: Final = 0.5
# Of the gateway's own, beyond the device's time.
_OVERHEAD_S: Final = 0.1
_WORDS: Final = ("accepted", "started", "done")


@dataclass(frozen=True)
class Answer:
    """What a device writes: `tokens` at `rate` a second, after `prefill_s`."""

    name: str
    tokens: int
    rate: float
    prefill_s: float

    @property
    def lasts_s(self) -> float:
        """From the ask to the last token."""
        return self.prefill_s + self.tokens / self.rate


ANSWERS: Final = (
    Answer("a server: 300 tokens at 30/s", 300, 30, 0.3),
    Answer("a phone: 150 tokens at 10/s", 150, 10, 1.5),
    Answer("a short one: 20 tokens at 30/s", 20, 30, 0.3),
)


def frames_up(answer: Answer) -> int:
    """The device's messages: the first token by itself, then those of each 50 ms together, the end
    of the text, what it says of the call, and a word each two seconds that it goes on.
    """
    together = floor(FLUSH_S * answer.rate) + 1
    # The end of the text comes a token's time after the last token.
    pieces = answer.tokens - 1 + 1
    return len(_WORDS) + 1 + ceil(pieces / together) + floor(answer.lasts_s / _ALIVE_EVERY_S)


def messages_down(answer: Answer) -> int:
    """The gateway's: the ask, a word each five seconds that it is wanted, and the end."""
    return 2 + floor(answer.lasts_s / _KEEP_EVERY_S)


def amounts(answer: Answer) -> Amounts:
    """What one answer takes of AWS.

    A seat is put (with its entry in the index), noted once and deleted in a transaction; seats are
    listed before. Not counted: looking up keys and devices, which are known for a while, and
    folding the run, which is counted with those of jobs.
    """
    return Counter(
        rest_request=1,
        lambda_request=1,
        lambda_gb_s=(answer.lasts_s + _OVERHEAD_S) * _MEMORY_GB,
        iot_message=2 * (frames_up(answer) + messages_down(answer)),
        dynamodb_wru=2 + 1 + 4,
        dynamodb_rru=1.5,
        s3_put=1,
        log_gb=1_000 / 1e9,
    )


def run() -> Section:
    """The cost table, at list prices."""
    return section(PriceBook.read())


def section(book: PriceBook) -> Section:
    """The cost table."""
    return Section(
        "What a thousand answers of the gateway cost on AWS",
        ("answer", "up", "down", "IoT $", "Lambda $", "API $", "DynamoDB, S3, logs $", "$"),
        [_row(each, book) for each in ANSWERS],
        "Messages up = 4 + ceil(tokens / (floor(0.05 s × rate) + 1)) + one each 2 s; down = 2 + "
        "one each 5 s; IoT = 2 × (up + down) × $1 a million of 5 KB; Lambda = 0.5 GB × (duration + "
        "0.1 s). List prices of us-east-1, without the folding of the run.",
    )


def _row(answer: Answer, book: PriceBook) -> dict[str, Cell]:
    taken = amounts(answer)

    def usd(*units: str) -> float:
        part = Counter({unit: taken[unit] for unit in units})
        return round(book.usd_for_a_million(part) / 1_000, 3)

    return {
        "answer": answer.name,
        "up": frames_up(answer),
        "down": messages_down(answer),
        "IoT $": usd("iot_message"),
        "Lambda $": usd("lambda_request", "lambda_gb_s"),
        "API $": usd("rest_request"),
        "DynamoDB, S3, logs $": usd("dynamodb_wru", "dynamodb_rru", "s3_put", "log_gb"),
        "$": usd(*taken),
    }
