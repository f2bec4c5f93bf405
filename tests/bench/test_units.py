"""How AWS counts what it bills."""

import pytest

from bench.units import index_write_units, item_bytes, read_units, sqs_requests, write_units

KEYS = ("pk", "sk", "waits_in", "rank")


def item(**values):
    return {"pk": {"S": "USER#ada"}, "sk": {"S": "JOB#1"}, **values}


def test_size_counts_names_and_values_when_an_item_has_every_kind():
    sized = {
        "s": {"S": "µs"},
        "b": {"B": b"123"},
        "t": {"BOOL": True},
        "n": {"NULL": True},
        "set": {"SS": ["a", "bc"]},
        "l": {"L": [{"S": "a"}, {"S": "b"}]},
        "m": {"M": {"k": {"S": "v"}}},
    }

    assert item_bytes(sized) == (1 + 3) + (1 + 3) + (1 + 1) + (1 + 1) + (3 + 3) + (1 + 7) + (1 + 6)


def test_bytes_count_as_they_are_stored_when_a_client_leaves_them_as_text():
    assert item_bytes({"b": {"B": "AAECAwQ="}}) == item_bytes({"b": {"B": b"\x00\x01\x02\x03\x04"}})


@pytest.mark.parametrize(
    ("number", "size"), [("7", 2), ("1234", 3), ("1200", 2), ("0.05", 2), ("-12", 3), ("1e-07", 2)]
)
def test_number_takes_a_byte_for_two_significant_digits(number, size):
    assert item_bytes({"n": {"N": number}}) == 1 + size


@pytest.mark.parametrize(("length", "units"), [(0, 1), (900, 1), (1_024, 2), (2_100, 3)])
def test_write_counts_every_begun_kilobyte_of_the_larger_image(length, units):
    large = item(text={"S": "x" * length})

    assert write_units(large, item()) == write_units(item(), large) == units


@pytest.mark.parametrize(
    ("before", "after", "units"),
    [
        (None, item(waits_in={"S": "a"}, rank={"S": "1"}), 1),
        (item(waits_in={"S": "a"}, rank={"S": "1"}), item(), 1),
        (item(waits_in={"S": "a"}, rank={"S": "1"}), item(waits_in={"S": "a"}, rank={"S": "2"}), 2),
        (item(waits_in={"S": "a"}, rank={"S": "1"}), item(waits_in={"S": "a"}, rank={"S": "1"}), 0),
        (None, item(waits_in={"S": "a"}), 0),
    ],
)
def test_index_is_written_when_an_entry_comes_goes_or_moves(before, after, units):
    assert index_write_units(KEYS, before, after) == units


@pytest.mark.parametrize(
    ("size", "consistent", "units"),
    [(0, True, 1), (4_096, True, 1), (4_097, True, 2), (0, False, 0.5), (9_000, False, 1.5)],
)
def test_read_counts_every_begun_four_kilobytes(size, consistent, units):
    assert read_units(size, consistent=consistent) == units


@pytest.mark.parametrize(("length", "requests"), [(0, 1), (65_536, 1), (65_537, 2)])
def test_message_is_billed_by_its_chunks(length, requests):
    assert sqs_requests("x" * length) == requests
