"""Lambda's Runtime API for answers that are streamed, which AWS's runtime for Python cannot do.

`python -m shared.lambda_stream` takes the place of that runtime (docs/gateway.md says how); its
handler is a coroutine of an event and an `StreamedAnswer`.
"""

from shared.lambda_stream.answer import ClientGone, StreamedAnswer
from shared.lambda_stream.serving import Handler, serve

__all__ = ["ClientGone", "Handler", "StreamedAnswer", "serve"]
