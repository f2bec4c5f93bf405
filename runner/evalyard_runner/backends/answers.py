"""One streamed answer of a model server, from its lines to its recorder; no I/O."""

from typing import Final, Protocol

from evalyard_runner.backends.chunks import chunk_of, is_json
from evalyard_runner.backends.events import DONE, Event, Events
from evalyard_runner.backends.ollama_recorder import OllamaRecorder
from evalyard_runner.backends.openai_recorder import OpenAiRecorder
from evalyard_runner.backends.refusals import failure_of_stream

# The model is done: what may still come, and how long a server may take to send it.
_ONLY_THE_END_S: Final = 2.0
_USAGE_AND_THE_END_S: Final = 10.0


class Answer(Protocol):
    """What `ModelServer.stream` feeds."""

    @property
    def finished(self) -> bool:
        """Whether the model was done: a stream that ends before that was cut."""

    @property
    def linger_s(self) -> float | None:
        """How long to wait for more; None is as long as it takes."""

    def arrived(self) -> None:
        """A piece of the answer came; its lines follow."""

    def hear(self, line: str) -> bool:
        """One line; True after the last. Raises GenerationError for an error in the stream."""

    def end(self) -> None:
        """The server ended the stream. Raises GenerationError like `hear`."""


class EventAnswer:
    """OpenAI's: server-sent events, or a whole JSON text where the server does not stream."""

    def __init__(self, recorder: OpenAiRecorder) -> None:
        self._recorder, self._events = recorder, Events()
        self._whole: list[str] = []

    @property
    def finished(self) -> bool:
        return self._recorder.finished

    @property
    def linger_s(self) -> float | None:
        if not self._recorder.finished:
            return None
        return _ONLY_THE_END_S if self._recorder.counted else _USAGE_AND_THE_END_S

    def arrived(self) -> None:
        self._recorder.arrived()

    def hear(self, line: str) -> bool:
        line = line.removeprefix("\ufeff")
        if self._whole or (not self._recorder.spoken and line.lstrip().startswith("{")):
            self._whole.append(line)
            return False
        return self._take(self._events.hear(line))

    def end(self) -> None:
        self._take(self._events.end())
        text = "\n".join(self._whole)
        if not self.finished and is_json(text):
            self._recorder.hear_whole(chunk_of(text))
            if not self.finished:
                raise failure_of_stream(text)

    def _take(self, event: Event | None) -> bool:
        if event is None:
            return False
        if event.name == "error":
            raise failure_of_stream(event.data)
        if event.data.strip() == DONE:
            self._recorder.end()
            return True
        self._recorder.hear(chunk_of(event.data))
        return False


class LineAnswer:
    """Ollama's: one JSON object a line, or one object on several lines."""

    linger_s: float | None = None

    def __init__(self, recorder: OllamaRecorder) -> None:
        self._recorder = recorder
        self._whole: list[str] = []
        self._heard = False

    @property
    def finished(self) -> bool:
        return self._recorder.finished

    def arrived(self) -> None:
        self._recorder.arrived()

    def hear(self, line: str) -> bool:
        if not line.strip():
            return False
        if self._whole or not (self._heard or is_json(line)):
            self._whole.append(line)
            return False
        self._heard = True
        self._recorder.hear(chunk_of(line))
        return self._recorder.finished

    def end(self) -> None:
        if self._whole:
            self._recorder.hear(chunk_of("\n".join(self._whole)))
