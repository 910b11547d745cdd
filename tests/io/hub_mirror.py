"""A small hub on this machine: what huggingface_hub asks of the real one, and the troubles of a real network."""

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

REPO = "BoneMet/BoneMet"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
PAGE = 3


@dataclass
class Mirror:
    """The files of one data set; `cut` files break off after so many bytes, as often as stated."""

    files: dict[str, bytes]
    lfs: frozenset[str] = frozenset()
    cut: dict[str, tuple[int, int]] = field(default_factory=dict)
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)
    address: str = ""

    def ranges(self, path: str) -> list[str | None]:
        """The ranges that were asked for of a file."""
        return [range_ for method, place, range_ in self.asked if method == "GET" and place.endswith(path)]

    def entry(self, path: str) -> Mapping[str, Any]:
        data = self.files[path]
        oid = hashlib.sha1(f"blob {len(data)}\0".encode() + data).hexdigest()
        about: dict[str, Any] = {"type": "file", "path": path, "size": len(data), "oid": oid}
        if path in self.lfs:
            about["lfs"] = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}
        return about

    def listing(self, folder: str) -> list[Mapping[str, Any]]:
        depth = len(PurePosixPath(folder).parts) if folder else 0
        found: dict[str, Mapping[str, Any]] = {}
        for path in sorted(self.files):
            parts = PurePosixPath(path).parts
            if "/".join(parts[:depth]) != folder:
                continue
            name = "/".join(parts[: depth + 1])
            is_file = len(parts) == depth + 1
            found[name] = self.entry(path) if is_file else {"type": "directory", "path": name, "oid": "0" * 40}
        return list(found.values())


@contextmanager
def serve(mirror: Mirror) -> Iterator[Mirror]:
    """Answer on a free port of this machine alone."""
    handler = type("Handler", (_Handler,), {"mirror": mirror})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    mirror.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield mirror
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    mirror: Mirror
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:
        self._answer("HEAD")

    def do_GET(self) -> None:
        self._answer("GET")

    def _answer(self, method: str) -> None:
        url = urlsplit(self.path)
        path = unquote(url.path)
        self.mirror.asked.append((method, path, self.headers["Range"]))
        for prefix, answer in {
            f"/api/datasets/{REPO}/revision/": self._revision,
            f"/api/datasets/{REPO}/tree/": self._tree,
            f"/datasets/{REPO}/resolve/": self._resolve,
        }.items():
            if path.startswith(prefix):
                revision, _, rest = path.removeprefix(prefix).partition("/")
                if revision not in ("main", COMMIT):
                    self._refuse("RevisionNotFound")
                else:
                    answer(rest, parse_qs(url.query))
                return
        self._refuse("RepoNotFound")

    def _refuse(self, why: str) -> None:
        self._send(b"{}", 404, {"X-Error-Code": why})

    def _send(self, body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def _json(self, record: object, headers: Mapping[str, str] | None = None) -> None:
        self._send(json.dumps(record).encode(), 200, {"Content-Type": "application/json", **(headers or {})})

    def _revision(self, _: str, __: Mapping[str, list[str]]) -> None:
        self._json({"id": REPO, "_id": "1", "sha": COMMIT})

    def _tree(self, folder: str, query: Mapping[str, list[str]]) -> None:
        entries = self.mirror.listing(folder)
        start = int(query.get("cursor", ["0"])[0])
        more = {}
        if start + PAGE < len(entries):
            here = self.mirror.address + self.path.split("?")[0]
            more["Link"] = f'<{here}?cursor={start + PAGE}>; rel="next"'
        self._json(entries[start : start + PAGE], more)

    def _resolve(self, path: str, _: Mapping[str, list[str]]) -> None:
        if path not in self.mirror.files:
            self._refuse("EntryNotFound")
            return
        data, status = self.mirror.files[path], 200
        headers = {"ETag": f'"{self.mirror.entry(path)["oid"]}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
        if self.headers["Range"]:
            start = int(self.headers["Range"].removeprefix("bytes=").partition("-")[0])
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
            data, status = data[start:], 206
        after, times = self.mirror.cut.get(path, (0, 0))
        if times and self.command == "GET":
            self.mirror.cut[path] = (after, times - 1)
            self._send_a_part(data, after, status, headers)
        else:
            self._send(data, status, headers)

    def _send_a_part(self, data: bytes, after: int, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data[:after])
        self.close_connection = True
