"""A process that behaves as a local hub does towards those who start it; the first argument says how well."""

import json
import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from filelock import FileLock
from pydantic import SecretStr

from arkitekt_di.messages.hub import HubRecord
from arkitekt_di.private_file import write_private
from arkitekt_di.process import birth_of


class WellKnown(BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"name": "stand-in", "protocol_version": "2"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def serve(folder: Path) -> None:
    record = folder / "hub.json"
    with FileLock(folder / "hub.lock").acquire(blocking=False), HTTPServer(("127.0.0.1", 0), WellKnown) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        content = HubRecord(
            url=url,
            pid=os.getpid(),
            birth=birth_of(os.getpid()),
            version="0",
            started_at=time.time(),
            mandate_key=SecretStr("the key of the stand-in"),
        )
        write_private(record, content.revealed())
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        print(json.dumps({"url": url, "pid": os.getpid()}), flush=True)
        try:
            server.serve_forever()
        finally:
            record.unlink()


def main(manner: str, folder: Path) -> None:
    match manner:
        case "good":
            serve(folder)
        case "refusing":
            print(json.dumps({"error": {"type": "PortTakenError", "message": "port 1 is taken"}}), flush=True)
            sys.exit(1)
        case "mute":
            sys.exit("no such module, says the interpreter")
        case "babbling":
            print("hello there", flush=True)
        case "liar":
            print(json.dumps({"url": "http://127.0.0.1:1", "pid": 1}), flush=True)
        case "hanging":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            write_private(folder / "hanging", f"{os.getpid()} {birth_of(os.getpid())}".encode())
            signal.pause()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[sys.argv.index("--data") + 1]))
