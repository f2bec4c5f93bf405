"""A server that takes appends and keeps nothing: what is left is the client's work and the wire."""

import gzip
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec

_COUNTED = {"rejected": 0, "errors": [], "errors_truncated": False, "usage": None}


class _Sink(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        answer = msgspec.json.encode(self._taken(body))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _taken(self, body: bytes) -> dict[str, object]:
        if self.path.endswith("/log-batch"):  # MLflow's
            msgspec.json.decode(body)
            return {}
        lines = self.headers["Content-Type"] == "application/x-ndjson"
        rows = body.count(b"\n") + 1 if lines else len(msgspec.json.decode(body)["rows"])
        said = {"dataset": "d", "batch_id": "bat_1", "received": rows, "appended": rows}
        return said | _COUNTED

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), _Sink).serve_forever()
