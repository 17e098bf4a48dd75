"""Starting the server: a free and permitted address, a ready line, a clean stop."""

from __future__ import annotations

import errno
import socket
import sys
from typing import Final

from engine.access import require_loopback
from engine.cli import terminal
from engine.errors import InputError
from engine.vocabulary import Locale, Text

_REFUSED: Final = {
    errno.EADDRINUSE: Text("the port is taken by another program", "端口已被其他程序占用"),
    errno.EACCES: Text("the system does not allow this port", "系统不允许使用此端口"),
    errno.EADDRNOTAVAIL: Text("this machine has no such address", "本机没有这个地址"),
}


def run_server(host: str, port: int, locale: Locale) -> None:
    """Serve until interrupted; prints a ready line once the socket listens.

    Raises:
        InputError: The port is taken, the address is not loopback and no authentication is configured, or OIDC is
            and cannot work.
        NotReadyError: The database is missing or does not fit.
    """
    import uvicorn

    from engine.cli.place import database
    from engine.operations.authenticating import gate_of
    from engine.settings import load_settings

    gate = gate_of(load_settings())
    require_loopback(host, authenticated=not gate.open)
    database()
    listening = _listen(host, port)
    found = listening.getsockname()[1]
    config = uvicorn.Config(
        "server:create", factory=True, log_level="warning", timeout_graceful_shutdown=5, ws="websockets-sansio"
    )
    where = f"http://{'[' + host + ']' if ':' in host else host}:{found}/graphql"
    ready = f"就绪：{where}（浏览器打开即为 GraphiQL；Ctrl+C 停止）" if locale is Locale.ZH else ""
    terminal.say(ready or f"Ready: {where} (GraphiQL in a browser; stop with Ctrl+C)")
    sys.stdout.flush()
    uvicorn.Server(config).run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        why = _REFUSED.get(error.errno or 0, Text(error.strerror or str(error), "系统拒绝"))
        raise InputError(
            Text(f"Cannot listen on {host}:{port}: {why.en}.", f"无法监听 {host}:{port}：{why.zh}。"),
            Text("Give another port: --port 0 takes a free one.", "请换一个端口：--port 0 自动选择空闲端口。"),
        ) from None
    listening.listen(128)
    listening.set_inheritable(True)
    return listening
