"""Where the output of an invocation ends: the process says so.

MiniStack guesses it: it waits 50 ms for a first line, and 5 ms after each for another one. That was
most of a call of a function that prints nothing, such as an authorizer.
"""

import queue
import time
from typing import Any

# Begins what a process writes after its output, on the same line if that has no end.
_MARK = "\x1eevalyard-end "
# For a process whose end of the pipe is held open by another one and never says it.
_WITHIN_S = 0.25
_ANSWERED = """traceback.format_exc()}) + "\\n")
        _real_stdout.flush()
"""
_SAYS_SO = f"""traceback.format_exc()}}) + "\\n")
        try:
            sys.stderr.flush()
            os.write(2, ({_MARK!r} + str(_ms_ctx.get("request_id", "")) + "\\n").encode())
        except (OSError, ValueError):
            pass
        _real_stdout.flush()
"""


def mark_ends(runtime: Any) -> None:
    """Let the processes of Python functions say where an output ends, and wait for that only.

    Raises SystemExit when MiniStack's script for them is not what this was written for.
    """
    runtime._PYTHON_WORKER_SCRIPT = marked(runtime._PYTHON_WORKER_SCRIPT)
    worker_class = runtime.Worker
    invoke, drain = worker_class.invoke, worker_class._drain_stderr_bounded

    def invoke_and_remember(worker: Any, event: Any, request_id: str, **named: Any) -> Any:
        worker._evalyard_request_id = request_id
        return invoke(worker, event, request_id, **named)

    def read_to_mark(worker: Any) -> str:
        if not worker.config.get("Runtime", "").startswith("python"):
            return str(drain(worker))
        return read_output(worker, worker._evalyard_request_id)

    worker_class.invoke = invoke_and_remember
    worker_class._drain_stderr_bounded = read_to_mark


def marked(script: str) -> str:
    """MiniStack's script, saying where an output ends."""
    if script.count(_ANSWERED) != 1:
        raise SystemExit("MiniStack's processes of functions answer otherwise than expected")
    return script.replace(_ANSWERED, _SAYS_SO)


def read_output(worker: Any, request_id: str) -> str:
    """The lines up to the mark of this invocation; what there is when the process is gone."""
    lines: list[str] = []
    deadline = time.monotonic() + _WITHIN_S
    while time.monotonic() < deadline:
        ended = not worker._stderr_thread.is_alive()
        try:
            line = worker._stderr_queue.get(timeout=0.001 if ended else 0.02)
        except queue.Empty:
            if ended:
                break
            continue
        before, mark, whose = line.partition(_MARK)
        if before or not mark:
            lines.append(before)
        if whose == request_id:
            break
    return "\n".join(lines)
