"""The members that the server adds to a stored row: their names, and that the batch is last.

A stored line ends with `"_meta_batch_id":"…"}`, so a row's batch is found, and a batch's rows
are, without decoding anything. Whatever a client sends under these names is dropped before.
"""

META_PREFIX = "_meta_"
BATCH_MEMBER = f"{META_PREFIX}batch_id"
_BEFORE_BATCH = f'"{BATCH_MEMBER}":"'.encode()
_AFTER_BATCH = b'"}\n'


def row_meta(user_id: str, dataset: str, at: str, batch_id: str) -> dict[str, str]:
    """The server's members of a row, in the order in which they end its line."""
    return {
        f"{META_PREFIX}user_id": user_id,
        f"{META_PREFIX}dataset": dataset,
        f"{META_PREFIX}ts": at,
        BATCH_MEMBER: batch_id,
    }


def line_ending(batch_id: str) -> bytes:
    """What the stored lines of a batch, and no others, end with."""
    return _BEFORE_BATCH + batch_id.encode() + _AFTER_BATCH


def batch_of_line(line: bytes) -> str:
    """The batch that a stored line, without its line end, belongs to; empty where it names none."""
    place = line.rfind(_BEFORE_BATCH)
    return "" if place < 0 else line[place + len(_BEFORE_BATCH) : -2].decode()
