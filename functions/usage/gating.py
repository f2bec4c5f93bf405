"""`POST /usage/gate` and `GET /usage/changes`: is it worse, and since when."""

from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Query, Response

from functions.usage import wiring
from functions.usage.baselines import ABSENT
from functions.usage.gate_schemas import ChangesAnswer, GateAnswer, GateBody
from functions.usage.parameters import requested_filters, requested_grouping
from functions.usage.questions import grouping_of, question_of
from shared import clock
from shared.errors import Fault, MalformedInput, Unacceptable
from shared.http import (
    QUESTION_RESPONSES,
    CurrentUser,
    UserRoute,
    Window,
    described,
    inline,
    requested_window,
    too_large_means,
)
from shared.runs import AMOUNTS
from shared.usage import (
    Baseline,
    Baselines,
    Filters,
    Gated,
    GateQuestion,
    UsageQuery,
    WantedRule,
    check_baseline_name,
    find_changes,
    gate_of,
    rules_of,
)

router = APIRouter(prefix="/usage", tags=["Usage"], route_class=UserRoute)

_DEFAULT_RULES = tuple(WantedRule(name, None, 5.0) for name in AMOUNTS)
_CHANGES_S = 90 * 86_400
_MAX_CHANGE_GROUPINGS = 2


@router.post(
    "/gate",
    summary="Ask whether a candidate is worse than a baseline",
    response_model=GateAnswer,
    responses={
        **QUESTION_RESPONSES,
        **ABSENT,
        **described(
            422,
            "Not acceptable: `direction_unknown` for an extra that no adapter calls better higher "
            "or lower, `reference_conflict` for both or neither of `baseline` and `reference`.",
        ),
    },
)
@too_large_means("filter, or take fewer dimensions in by")
async def gate(user: CurrentUser, body: GateBody) -> Response:
    """Answers once for all series of the candidate, and changes nothing.

    The verdict is the gravest of these. `fail`: somewhere the candidate is worse (one-sided Welch
    test, q below `fdr` by Benjamini and Hochberg over all series and rules) by more than the
    tolerance, or a `max` is exceeded.
    `not_comparable`: a condition of `require_same` has not the same values on both sides, or is
    unknown on one. `no_data`: a series of the baseline has fewer than `min_runs` runs in the
    candidate. `inconclusive`: these runs do not decide it; `more_runs` says how many would. `pass`:
    every 95 % interval is within its tolerance. A series that only the candidate has is `new` and
    decides nothing. docs/gate.md explains it.
    """
    candidate = question_of(user.user_id, body.candidate, "/candidate")
    rules = rules_of(wiring.catalog(), user.user_id, _wanted(body))
    question = GateQuestion(rules, body.min_runs, tuple(body.require_same), body.fdr)
    found = gate_of(
        wiring.bucket(),
        wiring.catalog(),
        candidate,
        _reference(user.user_id, body),
        _by(body),
        question,
    )
    return _json(_document(found))


@router.get(
    "/changes",
    summary="Find when a metric shifted",
    response_model=ChangesAnswer,
    responses=QUESTION_RESPONSES,
)
async def changes(
    user: CurrentUser,
    window: Annotated[Window, inline(requested_window)],
    filters: Annotated[Filters, inline(requested_filters)],
    group_by: Annotated[tuple[str, ...], inline(requested_grouping)],
    metric: Annotated[
        Literal[AMOUNTS],  # type: ignore[valid-type]  # The metrics are a table's.
        Query(description="What is looked at, in successful runs."),
    ] = "tok_s",
) -> Response:
    """Where a series shifted, and what changed with it; by default in the last 90 days.

    E-divisive finds the places, Student's t-test judges them; each side has at least 5 runs, and a
    single spike is no change. Up to 1,000 points a series: the newest 500 runs, and means of older
    ones. Where nothing changed, at most one answer in 20 names a change. `group_by` takes two.
    """
    if len(group_by) > _MAX_CHANGE_GROUPINGS:
        detail = f"group_by takes up to {_MAX_CHANGE_GROUPINGS} here"
        fault = Fault("/query/group_by", "too_many", detail)
        raise MalformedInput(detail, code="invalid_parameter", faults=(fault,))
    chosen = window.or_last(_CHANGES_S)
    end = clock.now_us() + 1 if chosen.to_us is None else chosen.to_us
    query = UsageQuery(user.user_id, chosen.from_us or 0, end, filters)
    found = find_changes(wiring.bucket(), wiring.catalog(), query, group_by, metric)
    return _json(
        {
            "window": Window(query.from_us, query.to_us).document(),
            "filters": filters.document(),
            "group_by": list(group_by),
            "metric": metric,
            "changes": found,
        }
    )


def _by(body: GateBody) -> tuple[str, ...]:
    """By what series are kept apart where no baseline says it. Raises Unacceptable."""
    if body.reference is not None and body.reference.by is not None:
        return grouping_of(body.reference.by, "/reference/by")
    return grouping_of(body.by, "/by")


def _wanted(body: GateBody) -> tuple[WantedRule, ...]:
    return tuple(WantedRule(**rule.model_dump()) for rule in body.rules) or _DEFAULT_RULES


def _reference(user_id: str, body: GateBody) -> UsageQuery | Baseline:
    """What the candidate is held against. Raises Unacceptable, BaselineNotFound."""
    if (body.baseline is None) is (body.reference is None):
        detail = "give baseline, or reference with by"
        fault = Fault("/reference", "reference_conflict", detail)
        raise Unacceptable(detail, code="reference_conflict", faults=(fault,))
    if body.baseline is not None:
        name = check_baseline_name(body.baseline)
        return Baselines(wiring.bucket(), wiring.catalog().table, user_id).find(name)
    assert body.reference is not None, "one of both is given"
    return question_of(user_id, body.reference, "/reference")


def _document(found: Gated) -> dict[str, Any]:
    result, baseline = found.result, found.baseline
    return {
        "verdict": result.verdict,
        "series": result.series(),
        "conditions_diff": result.conditions_diff,
        "not_alike": list(result.not_alike),
        "baseline": None
        if baseline is None
        else {
            "name": baseline.name,
            "version": baseline.current.version,
            "set_at": clock.iso(baseline.current.set_us),
            "age_s": found.age_s(),
        },
        "markdown": found.markdown,
    }


def _json(document: dict[str, Any]) -> Response:
    return Response(msgspec.json.encode(document), media_type="application/json")
