"""What fits an answer: Lambda passes on 6 MB, the body as a JSON string or in base64."""

import json

# A few headers have room besides.
_MAX_BYTES = 6 * 2**20 - 16 * 2**10


def fits_an_answer(body: bytes, *, binary: bool = False) -> bool:
    """Whether a body, UTF-8 unless `binary`, can be an answer's."""
    if binary:
        return len(body) * 4 // 3 <= _MAX_BYTES
    return len(json.dumps(body.decode())) <= _MAX_BYTES
