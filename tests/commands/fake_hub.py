"""A model hub on this machine, as much of it as a download needs: facts of a repository, files, ranges."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class FakeHub:
    """Serves a folder as every repository. `cut` names a file that breaks off in its middle; `lies` has wrong bytes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cut = ""
        self.lies = False
        self.sent: list[str] = []
        self.url = ""

    def facts(self) -> bytes:
        files = []
        for path in sorted(self.folder.iterdir()):
            content = path.read_bytes()
            file = {"rfilename": path.name, "size": len(content), "blobId": "b" * 40}
            if path.suffix == ".pt":
                digest = hashlib.sha256(content).hexdigest()
                file["lfs"] = {"size": len(content), "sha256": digest, "pointerSize": 130}
            files.append(file)
        return json.dumps({"id": "some/model", "sha": COMMIT, "siblings": files}).encode()


def _handler(hub: FakeHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def _answer(self, *, body: bool) -> None:
            if self.path.startswith("/api/models/"):
                self._send(200, hub.facts(), {}, body=body)
                return
            path = hub.folder / self.path.rpartition("/")[2]
            if "/resolve/" not in self.path or not path.is_file():
                self._send(404, b"", {"X-Error-Code": "EntryNotFound"}, body=body)
                return
            content = path.read_bytes()
            headers = {"ETag": f'"{hashlib.sha256(content).hexdigest()}"', "X-Repo-Commit": COMMIT}
            if hub.lies:
                content = bytes(byte ^ 1 for byte in content)
            start = 0
            wanted = self.headers.get("Range")
            if wanted and body:
                start = int(wanted.removeprefix("bytes=").partition("-")[0])
                headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self._send(206 if start else 200, content[start:], headers, body=body)

        def _send(self, status: int, content: bytes, headers: dict[str, str], *, body: bool) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), "Accept-Ranges": "bytes", **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if body:
                name = self.path.rpartition("/")[2]
                hub.sent.append(name)
                cut = len(content) // 2 if name == hub.cut else len(content)
                self.wfile.write(content[:cut])
                self.close_connection = cut < len(content)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    return Handler


@contextmanager
def serving(folder: Path) -> Iterator[FakeHub]:
    """Serve `folder` until the block ends."""
    hub = FakeHub(folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(hub)) as server:
        hub.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield hub
        server.shutdown()
        thread.join()
