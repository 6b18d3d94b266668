"""A stand-in for the shop, to run workflows against: one process, nothing is kept on disk.

A real worker keeps the key and the answer of each call in the transaction of its effect.
"""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

stock = {"teapot": 10, "yacht": 1}
reservations = {}
answers = {}
lock = threading.Lock()


class Refusal(Exception):
    """A declared error: nothing was done."""


def reserve(key, item, quantity):
    if stock.get(item, 0) < quantity:
        raise Refusal("OutOfStock", {"available": stock.get(item, 0)})
    stock[item] -= quantity
    reservation = f"res-{key[:12]}"
    reservations[reservation] = (item, quantity)
    return {"id": reservation}


def release(key, reservation):
    item, quantity = reservations.pop(reservation, (None, 0))
    if item is not None:
        stock[item] += quantity
    return None


def confirm(key, reservation):
    item, _ = reservations.get(reservation, (None, 0))
    if item == "yacht":
        raise Refusal("Declined", {"reason": "the card has not enough on it"})
    reservations.pop(reservation, None)
    return {"reference": f"sale-{reservation}"}


OPERATIONS = {"/Shop/reserve": reserve, "/Shop/release": release, "/Shop/confirm": confirm}


def answer(path, key, arguments):
    """The status and the body. The same call again has the same answer."""
    with lock:
        if (path, key) not in answers:
            try:
                result = OPERATIONS[path](key, **arguments)
                answers[path, key] = (204, None) if result is None else (200, result)
            except Refusal as refusal:
                error, data = refusal.args
                answers[path, key] = (422, {"type": "urn:wfl:error", "error": error, "data": data})
        return answers[path, key]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        arguments = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "{}")
        if self.path not in OPERATIONS:
            return self.send_error(404)
        status, body = answer(self.path, self.headers.get("Idempotency-Key", ""), arguments)
        text = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"wfl": "worker", "url": f"http://127.0.0.1:{server.server_port}"}), flush=True)
    sys.stdin.read()
