"""Route classes: who may call, before anything of the request is read."""

from typing import ClassVar

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError

from shared.errors import EvalyardError
from shared.http.body import EdgeRequest, require_json
from shared.http.direct import Answer, DirectRoute, directly
from shared.http.idempotency import answer_once, is_creating
from shared.http.identity import Caller, identify, is_for_administrators
from shared.http.problems import EdgeError, problem_response, validation_error
from shared.http.query import QueryParameters
from shared.http.rates import HeldToRate
from shared.scopes import TRIALS, check_scope


class OpenRoute(DirectRoute):
    """A route for everybody."""

    credential: ClassVar[str | None] = None
    # Further kinds of credentials that may come in its header.
    also_taken: ClassVar[tuple[str, ...]] = ()
    # Links to pages are decorated by sites that pass them on.
    any_query: ClassVar[bool] = False

    def get_route_handler(self) -> Answer:
        """FastAPI's handler between the checks of the edge; the endpoint itself is `direct`."""
        endpoint = directly(self.dependant)
        self.direct = endpoint and self._between_checks(endpoint)
        return self._between_checks(super().get_route_handler())

    def _between_checks(self, original: Answer) -> Answer:
        parameters = QueryParameters.of(self.dependant)
        admins = is_for_administrators(self.dependant)
        kinds = (self.credential or "", *self.also_taken)
        work = self._work(original)

        async def answer(request: Request) -> Response:
            edge_request = EdgeRequest(request.scope, request.receive)
            if self.credential:
                caller = edge_request.state.caller = identify(edge_request, kinds)
                if isinstance(caller, Caller):
                    trials = parameters.values(edge_request, TRIALS)
                    place = (edge_request.method, self.path_format)
                    check_scope(caller.scope, *place, trials=trials, admins=admins)
            if not self.any_query:
                parameters.read(edge_request)
            if not self.credential:
                return await work(edge_request)
            with HeldToRate(edge_request, caller):
                return await work(edge_request)

        return answer

    def _work(self, original: Answer) -> Answer:
        """What is left after the checks: the handler, which carries a creating call out once."""
        settled = _settled(original) if is_creating(self.endpoint) else None

        async def work(request: Request) -> Response:
            if self.body_field and await request.body():
                require_json(request)
            return await (answer_once(request, self, settled) if settled else original(request))

        return work


class PageRoute(OpenRoute):
    """A route for people: whatever stands in its query is of no meaning."""

    any_query = True


class UserRoute(OpenRoute):
    """A route for holders of a user token (`X-User-Token`)."""

    credential = "user"


class TokenRoute(UserRoute):
    """A route for every token that is its user's, also an API key (all in `X-User-Token`)."""

    also_taken = ("api_key",)


class DeviceRoute(OpenRoute):
    """A route for devices (`X-Device-Token`)."""

    credential = "device"


def _settled(original: Answer) -> Answer:
    """The handler with expected errors already turned into responses, so that they can be kept."""

    async def answer(request: Request) -> Response:
        try:
            return await original(request)
        except EvalyardError as exc:
            return problem_response(request, exc)
        except EdgeError as exc:
            return problem_response(request, exc.error)
        except RequestValidationError as exc:
            return problem_response(request, validation_error(exc))

    return answer
