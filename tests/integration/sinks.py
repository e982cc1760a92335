"""Where alerts end in tests: an HTTP server that keeps what is posted, and an SMTP server that keeps mails."""

import json
import socketserver
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, override


class HttpSink:
    """Takes JSON on any path of a loopback port; `refusals` answers of 503 come first. got: (monotonic time, path, body)."""

    def __init__(self) -> None:
        self.got: list[tuple[float, str, dict[str, Any]]] = []
        self.refusals = 0
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if sink.refusals > 0:
                    sink.refusals -= 1
                    self.send_response(503)
                else:
                    sink.got.append((time.monotonic(), self.path, json.loads(body)))
                    self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            @override
            def log_message(self, format: str, *args: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def titles(self) -> list[str]:
        """Return the titles that came."""
        return [body["title"] for _, _, body in list(self.got)]

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


class SmtpSink:
    """Speaks just enough SMTP to take mails without login or encryption. mails: their text, headers and all."""

    def __init__(self) -> None:
        self.mails: list[str] = []
        sink = self

        class Handler(socketserver.StreamRequestHandler):
            @override
            def handle(self) -> None:
                self.say("220 sink")
                while line := self.rfile.readline().decode().strip():
                    verb = line.split(" ", 1)[0].upper()
                    if verb == "DATA":
                        self.say("354 go on")
                        sink.mails.append(self.mail())
                        self.say("250 kept")
                    elif verb == "QUIT":
                        self.say("221 bye")
                        return
                    else:
                        self.say("250 ok")

            def say(self, text: str) -> None:
                self.wfile.write(f"{text}\r\n".encode())

            def mail(self) -> str:
                lines = []
                while (line := self.rfile.readline().decode().rstrip("\r\n")) != ".":
                    lines.append(line)
                return "\n".join(lines)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
