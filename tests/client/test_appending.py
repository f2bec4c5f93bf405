"""Uploads in parts: limits, keys, resuming, a verdict on every row. No I/O."""

import gzip
import json
from datetime import datetime

import pytest
from evalyard import AppendInterrupted, ConfigurationError, OutOfReach
from evalyard.core.appending import MAX_BYTES, MAX_ROWS, Appending, Upload
from evalyard.core.rows import line, records
from evalyard.core.sending import Patience
from evalyard.core.wire import Reply
from hypothesis import given
from hypothesis import strategies as st

NOW_S = 1_767_225_600.0


class _Api:
    """Answers as the service does, 100 faults at a time; keeps what was stored under its key."""

    def __init__(self) -> None:
        self.stored: dict[str, list] = {}
        self.calls = 0

    def answer(self, request) -> Reply:
        self.calls += 1
        rows = [json.loads(each) for each in gzip.decompress(request.body).split(b"\n")]
        assert len(rows) <= MAX_ROWS
        good = [row for row in rows if not row.get("bad")]
        faults = [
            {"pointer": f"/rows/{place}", "code": "bad", "detail": str(row["n"])}
            for place, row in enumerate(rows)
            if row.get("bad")
        ]
        key = request.headers.get("idempotency-key")
        if key is not None:
            self.stored.setdefault(key, good)
        counts = {"received": len(rows), "appended": len(good), "rejected": len(faults)}
        listed = {"errors": faults[:100], "errors_truncated": len(faults) > 100}
        if not good:
            problem = {"code": "no_row_stored", "detail": "…", **counts, **listed}
            return Reply(422, {}, json.dumps(problem).encode())
        document = {"dataset": "d", "batch_id": f"bat_{self.calls}", "usage": None}
        return Reply(200, {}, json.dumps({**document, **counts, **listed}).encode())

    def rows(self) -> list:
        return [row["n"] for rows in self.stored.values() for row in rows]


def _walk(steps, api) -> None:
    if steps is not None:
        request = next(steps)
        try:
            while True:
                request = steps.send(api.answer(request))
        except StopIteration:
            pass


def _append(rows, api, upload=None, **options):
    appending = Appending("d", upload or Upload.begin(NOW_S), Patience(), **options)
    for row in rows[appending.to_skip :]:
        _walk(appending.add(row), api)
    _walk(appending.finish(), api)
    return appending.report


def test_parts_keep_both_limits_when_there_are_many_rows() -> None:
    api = _Api()
    many, large = (
        [{"n": n} for n in range(MAX_ROWS + 1)],
        [{"n": -n, "x": "y" * 200_000} for n in range(30)],
    )

    report = _append(many + large, api)

    sizes = [len(rows) for rows in api.stored.values()]
    assert (report.received, report.appended) == (MAX_ROWS + 31, MAX_ROWS + 31)
    assert sizes == [MAX_ROWS, 27, 4]
    assert MAX_BYTES - 200_000 < 27 * 200_000


def test_every_verdict_is_there_when_the_api_lists_only_a_hundred() -> None:
    api = _Api()
    rows = [{"n": n, "bad": n % 3 == 0} for n in range(1_000)]

    report = _append(rows, api)

    assert [each.row for each in report.verdicts] == list(range(0, 1_000, 3))
    assert all(each.detail == str(each.row) for each in report.verdicts)
    assert (report.appended, report.rejected) == (666, 334)


def test_every_verdict_is_there_when_no_row_of_a_part_is_good() -> None:
    report = _append([{"n": n, "bad": True} for n in range(250)], _Api())

    assert [each.row for each in report.verdicts] == list(range(250))
    assert (report.received, report.appended, report.rejected) == (250, 0, 250)


def test_rows_keep_their_places_when_some_cannot_be_written_as_json() -> None:
    rows = [{"n": 0}, {"n": float("nan")}, {"n": 2, "bad": True}, {"n": object()}, {"n": 4}]

    report = _append(rows, _Api())

    assert sorted((each.row, each.code) for each in report.verdicts) == [
        (1, "invalid_json"),
        (2, "bad"),
        (3, "invalid_json"),
    ]
    assert (report.received, report.appended, report.rejected) == (5, 2, 3)


def test_verdicts_are_handed_over_and_not_kept_when_they_are_asked_for_one_by_one() -> None:
    seen = []

    report = _append([{"n": 0, "bad": True}, {"n": 1}], _Api(), on_verdict=seen.append)

    assert [each.row for each in seen] == [0]
    assert report.verdicts == []


@pytest.mark.parametrize("cuts", [[0], [2], [0, 0, 1]], ids=str)
def test_each_row_is_stored_once_when_answers_are_lost_and_the_upload_is_resumed(cuts) -> None:
    api, rows = _Api(), [{"n": n, "x": "y" * 2_000_000} for n in range(5)]
    upload = Upload.begin(NOW_S)

    for cut in [*cuts, None]:
        appending = Appending("d", upload, Patience(retries=0))
        try:
            for row in rows[appending.to_skip :]:
                _walk(appending.add(row), _Losing(api, cut))
            _walk(appending.finish(), _Losing(api, cut))
        except OutOfReach as error:
            interrupted = appending.cut(error)
            assert isinstance(interrupted, AppendInterrupted)
            upload = Upload.resume(interrupted.resume, NOW_S + 60)

    assert sorted(api.rows()) == list(range(5))


class _Losing:
    """Loses the answer to one part, after it was carried out."""

    def __init__(self, api: _Api, cut: int | None) -> None:
        self._api = api
        self._cut = cut

    def answer(self, request):
        reply = self._api.answer(request)
        first = json.loads(gzip.decompress(request.body).split(b"\n")[0])["n"]
        if first // 2 == self._cut:
            raise OutOfReach("reset", 1)
        return reply


def test_it_is_refused_when_keys_may_have_expired_since() -> None:
    upload = Upload.begin(NOW_S)

    with pytest.raises(ConfigurationError, match="23 hours"):
        Upload.resume(upload.at(10_000), NOW_S + 24 * 3_600)


@pytest.mark.parametrize("text", ["", "upl_", "bat_01", "upl_xyz.1"])
def test_it_is_refused_when_it_names_no_upload(text) -> None:
    with pytest.raises(ConfigurationError, match="does not name an upload"):
        Upload.resume(text, NOW_S)


class _Frame:
    """What is asked of a DataFrame of pandas."""

    def __init__(self, rows, columns=("a", "b")):
        self._rows = rows
        self.columns = columns
        self.iloc = self

    def __len__(self):
        return len(self._rows)

    def __getitem__(self, part):
        return _Frame(self._rows[part])

    def to_dict(self, orient):
        assert orient == "records"
        return self._rows


class _NotATime(datetime):
    """NaT, as pandas has it: a moment that equals nothing."""

    def __ne__(self, other: object) -> bool:
        return True


def test_a_frame_gives_dicts_with_null_when_values_are_missing() -> None:
    frame = _Frame([{"a": 1.5, "b": float("nan")}, {"a": 2, "b": "x"}])

    assert list(records(frame)) == [{"a": 1.5, "b": None}, {"a": 2, "b": "x"}]


@pytest.mark.parametrize("columns", [("a", "a"), (1, "1")])
def test_a_frame_is_refused_when_one_of_two_columns_would_be_lost(columns) -> None:
    with pytest.raises(ValueError, match="is there twice"):
        list(records(_Frame([{"a": 2}], columns)))


def test_a_row_is_refused_when_its_moment_is_none() -> None:
    with pytest.raises(ValueError, match="NaT cannot be written"):
        line({"ts": _NotATime(2026, 1, 1)})
    assert line({"ts": datetime(2026, 1, 1)}) == b'{"ts":"2026-01-01T00:00:00"}'


def test_one_row_is_refused_when_many_are_meant() -> None:
    with pytest.raises(TypeError, match="not one row"):
        records({"a": 1})


@pytest.mark.exhaustive
@given(st.dictionaries(st.text(), st.text() | st.floats(allow_nan=False, allow_infinity=False)))
def test_a_row_is_one_line_that_reads_as_it_was_when_it_is_written(row) -> None:
    written = line({"row": row})

    assert b"\n" not in written
    assert json.loads(written) == {"row": row}
