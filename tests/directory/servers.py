"""Servers that misbehave: they listen on 127.0.0.1 and live as long as their block."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fixtures.certificates import Certificate

Handler = Callable[[socket.socket], None]


@contextmanager
def listening(handle: Handler) -> Iterator[int]:
    """Run `handle` in a thread for each connection; the value is the port."""
    listener = socket.create_server(("127.0.0.1", 0))
    open_sockets: list[socket.socket] = []

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                open_sockets.append(connection)
                threading.Thread(target=_quietly, args=(handle, connection), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        # Closing alone does not wake a thread that waits in accept().
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)  # first: it may be taking one more connection
        for connection in open_sockets:
            connection.close()


def _quietly(handle: Handler, connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        handle(connection)


def stay_silent(connection: socket.socket) -> None:
    """Take everything and answer nothing."""
    while connection.recv(4096):
        pass


@contextmanager
def proxy(
    port: int,
    *,
    lose_after: int | None = None,
    stall_after: int | None = None,
    forward: Callable[[bytes], bytes] | None = None,
) -> Iterator[int]:
    """Stand between client and server, both ways.

    After so many bytes of answers either hang up (`lose_after`) or say nothing
    more (`stall_after`). `forward` may change what the server says.
    """

    def handle(client: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", port)) as server:
            threading.Thread(target=_quietly, args=(lambda _: _pump(client, server), client), daemon=True).start()
            passed = 0
            while data := server.recv(4096):
                passed += len(data)
                if lose_after is not None and passed > lose_after:
                    client.shutdown(socket.SHUT_RDWR)  # closing waits for the other thread
                    return
                if stall_after is not None and passed > stall_after:
                    stay_silent(server)
                    return
                client.sendall(forward(data) if forward else data)

    with listening(handle) as own_port:
        yield own_port


def _pump(source: socket.socket, target: socket.socket) -> None:
    while data := source.recv(4096):
        target.sendall(data)


@contextmanager
def tls_server(certificate: Certificate, *, newest: ssl.TLSVersion | None = None) -> Iterator[int]:
    """Do TLS handshakes with a certificate, and nothing else; `newest` is the newest version it offers."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if newest:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = newest
    context.load_cert_chain(certificate.certificate_file, certificate.key_file)

    def handle(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            stay_silent(secure)

    with listening(handle) as port:
        yield port


def nobody_listens() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
        return port


def rubbish_file(folder: Path) -> Path:
    path = folder / "rubbish.pem"
    path.write_text("this is no certificate\n", encoding="ascii")
    return path
