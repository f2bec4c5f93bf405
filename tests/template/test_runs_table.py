"""The Glue table says of the runs in Parquet what is so."""

from pathlib import Path

import duckdb

from shared.runs import Run
from shared.storage.lake.parquet import parquet_of
from shared.storage.log.object_keys import part_key
from tools.template import read_template

_TYPES = {
    "VARCHAR": "string",
    "BIGINT": "bigint",
    "DOUBLE": "double",
    "BOOLEAN": "boolean",
    "TIMESTAMP": "timestamp",
    "MAP(VARCHAR, DOUBLE)": "map<string,double>",
    "MAP(VARCHAR, VARCHAR)": "map<string,string>",
}


def table() -> dict:
    template = read_template()
    (resource,) = template.of_type("AWS::Glue::Table").values()
    return template.resolve(resource["Properties"]["TableInput"])


def test_columns_are_those_of_a_part(tmp_path: Path) -> None:
    path = tmp_path / "part.parquet"
    path.write_bytes(parquet_of([Run(run_id="r", ts_us=1, extra={"GPU power (W)": 51.5})]))
    described = duckdb.execute(f"DESCRIBE FROM read_parquet('{path}')").fetchall()

    columns = table()["StorageDescriptor"]["Columns"]

    assert [(column["Name"], column["Type"]) for column in columns] == [
        (name, _TYPES[kind]) for name, kind, *_ in described
    ]


def test_partitions_lie_where_parts_are_put() -> None:
    properties = table()
    location = properties["Parameters"]["storage.location.template"]
    folder = location.replace("${user}", "ada").replace("${date}", "2025-12-03")

    bucket, _, prefix = folder.removeprefix("s3://").partition("/")

    key = part_key("ada", "2025-12-03", 7)
    assert key.startswith(prefix)
    assert "/" not in key.removeprefix(prefix)
    assert location.startswith(properties["StorageDescriptor"]["Location"])
    assert bucket == read_template().resolve({"Ref": "DataBucket"})


def test_every_partition_column_is_calculated_and_none_is_in_the_files() -> None:
    properties = table()
    names = [key["Name"] for key in properties["PartitionKeys"]]

    kinds = [properties["Parameters"][f"projection.{name}.type"] for name in names]

    assert dict(zip(names, kinds, strict=True)) == {"user": "injected", "date": "date"}
    assert not {column["Name"] for column in properties["StorageDescriptor"]["Columns"]} & set(
        names
    )
