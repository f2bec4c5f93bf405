"""Why a call is not answered.

EvalyardError
├── NotFound
│   ├── ModelNotFound       no device of the caller serves the model
│   └── CallNotFound        the caller has no such call under way
├── TooManyRequests
│   ├── ParallelLimit       the user's calls at once are as many as may be
│   ├── QueueFull           every fitting device has as many calls waiting as it takes
│   └── WaitExceeded        no device had begun when the caller's patience was over
├── Unacceptable
│   └── ArgumentRefused     the model's server does not accept what was asked
├── Conflict
│   └── CallCancelled       the call was cancelled while it waited
└── Unavailable
    └── NoDeviceReady       devices serve the model, and none can at the moment
"""

from shared.errors import (
    Conflict,
    NotFound,
    TooManyRequests,
    Unacceptable,
    Unavailable,
)


class ModelNotFound(NotFound):
    """No device of the caller serves the model; `allowed` lists those that are served."""

    code = "model_not_found"


class CallNotFound(NotFound):
    """The caller has no such call, or it is over."""

    code = "request_not_found"


class ParallelLimit(TooManyRequests):
    """As many calls of the user are under way as may be."""

    code = "parallel_limit"


class QueueFull(TooManyRequests):
    """At every fitting device as many calls wait as it takes."""

    code = "queue_full"


class WaitExceeded(TooManyRequests):
    """No device had begun within `max_wait_s`."""

    code = "wait_exceeded"


class ArgumentRefused(Unacceptable):
    """The model's server refused the request, in its own words."""

    code = "invalid_argument"


class CallCancelled(Conflict):
    """The call was cancelled."""

    code = "cancelled"


class NoDeviceReady(Unavailable):
    """The model is served, but by no device that can take a call at the moment."""

    code = "no_device_ready"
