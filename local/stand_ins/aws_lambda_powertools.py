"""In the place of the package's own module, which imports its metrics and its tracer, too.

What counts something imports the metrics when it does.
"""

from aws_lambda_powertools.package_logger import set_package_logger_handler
from aws_lambda_powertools.shared.user_agent import inject_user_agent

set_package_logger_handler()  # type: ignore[no-untyped-call]  # It has no types.
inject_user_agent()  # type: ignore[no-untyped-call]  # It has no types.
