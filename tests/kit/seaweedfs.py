"""Runs a command with SeaweedFS as S3: `python -m tests.kit.seaweedfs WEED COMMAND…`.

An S3 of other people's making, to see what we took for granted of moto and MiniStack.
DynamoDB stays with moto, in the process of the tests.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

# What moto tells botocore to sign with.
_IDENTITY = {
    "name": "tests",
    "credentials": [{"accessKey": "FOOBARKEY", "secretKey": "FOOBARSECRET"}],
    "actions": ["Admin", "Read", "Write", "List", "Tagging"],
}
_PARTS = ("master", "volume", "filer", "s3")


def main() -> int:
    """Start the server, run the command, stop the server; the command's exit code."""
    weed, *command = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="seaweedfs-") as folder:
        ports = {part: _free_port() for part in _PARTS}
        server = subprocess.Popen(
            _server(weed, Path(folder), ports),
            stdout=(Path(folder) / "log").open("wb"),
            stderr=subprocess.STDOUT,
        )
        try:
            endpoint = f"http://127.0.0.1:{ports['s3']}"
            _wait_for(endpoint)
            return subprocess.call(command, env={**os.environ, "AWS_ENDPOINT_URL_S3": endpoint})
        finally:
            server.terminate()
            server.wait(30)


def _server(weed: str, folder: Path, ports: dict[str, int]) -> list[str]:
    config = folder / "s3.json"
    config.write_text(json.dumps({"identities": [_IDENTITY]}))
    flags = [f"-{part}.port={port}" for part, port in ports.items()]
    flags += [f"-{part}.port.grpc={_free_port()}" for part in _PARTS]
    return [
        weed,
        "server",
        f"-dir={folder}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-volume.max=200",
        "-master.volumeSizeLimitMB=64",
        "-master.telemetry=false",
        "-filer",
        "-s3",
        f"-s3.config={config}",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        *flags,
    ]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(endpoint: str) -> None:
    for _ in range(300):
        try:
            urlopen(endpoint, timeout=1)
        except HTTPError:
            return
        except (URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise SystemExit("SeaweedFS did not start")


if __name__ == "__main__":
    sys.exit(main())
