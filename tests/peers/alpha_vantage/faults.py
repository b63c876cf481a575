"""What can go wrong with one answer, done to a handler of the local Alpha Vantage."""

import json

HTML = "<!DOCTYPE html><html><body><h1>We will be back soon</h1></body></html>"


def _status(handler, fault, document):
    handler.send(b"{}", status=fault.value)


def _html(handler, fault, document):
    handler.send(HTML.encode(), content_type="text/html")


def _body(handler, fault, document):
    handler.send(fault.value)


def _cut(handler, fault, document):
    body = json.dumps(document).encode()
    handler.send(body[: len(body) // 2], length=len(body))


def _cut_unnoticed(handler, fault, document):
    body = json.dumps(document).encode()
    handler.send(body[: len(body) // 2])


def _delay(handler, fault, document):
    handler.peer.over.wait(fault.value)
    handler.answer(document)


def _hang(handler, fault, document):
    handler.peer.over.wait(30.0)


def _hang_up(handler, fault, document):
    handler.connection.close()


def _trickle(handler, fault, document):
    handler.send(b"", length=1_000_000)
    while not handler.peer.over.wait(0.02):
        handler.wfile.write(b" ")
        handler.wfile.flush()


def _huge(handler, fault, document):
    handler.send(b'"' + b"x" * fault.value + b'"')


def _redirect(handler, fault, document):
    handler.send(b"", status=302, length=0, Location=f"{handler.peer.url}{handler.path}&again=1")


def _other_symbol(handler, fault, document):
    if "Meta Data" in document:
        meta = {**document["Meta Data"], "2. Symbol": fault.value}
        handler.answer({**document, "Meta Data": meta})
    else:
        name = "Symbol" if "Symbol" in document else "symbol"
        handler.answer({**document, name: fault.value})


FAULTS = {
    "status": _status,
    "html": _html,
    "body": _body,
    "cut": _cut,
    "cut_unnoticed": _cut_unnoticed,
    "delay": _delay,
    "hang": _hang,
    "hang_up": _hang_up,
    "trickle": _trickle,
    "huge": _huge,
    "redirect": _redirect,
    "other_symbol": _other_symbol,
}
