"""An OIDC issuer on this machine: keys, tokens signed with them, and the address its keys are had from."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

ISSUER = "https://login.example"
AUDIENCE = "touchstone"


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    """A key by name, made once: that takes a while."""
    assert name
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def ec_key(name: str) -> ec.EllipticCurvePrivateKey:
    assert name
    return ec.generate_private_key(ec.SECP256R1())


def public_keys(*rsa_names: str) -> dict[str, Any]:
    """The key set as issuers publish it, with one elliptic key, a symmetric one and one for encryption beside."""
    keys = [
        {**json.loads(RSAAlgorithm.to_jwk(rsa_key(name).public_key())), "kid": name, "use": "sig", "alg": "RS256"}
        for name in rsa_names
    ]
    elliptic = {**json.loads(ECAlgorithm.to_jwk(ec_key("ec").public_key())), "kid": "ec", "alg": "ES256"}
    shared = {"kty": "oct", "kid": "shared", "alg": "HS256", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA"}
    secret = {**keys[0], "kid": "encrypting", "use": "enc"}
    return {"keys": [*keys, elliptic, shared, secret]}


def claims(**more: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    usual = {"iss": ISSUER, "aud": AUDIENCE, "sub": "mei", "iat": now, "exp": now + timedelta(minutes=5)}
    return {name: value for name, value in {**usual, **more}.items() if value is not None}


def signed(key: str = "one", kid: str | None = None, **more: Any) -> str:
    """A token as the issuer gives it."""
    headers = {"kid": kid if kid is not None else key}
    return jwt.encode(claims(**more), rsa_key(key), algorithm="RS256", headers=headers)


class Published:
    """What the address answers, and how often it was asked."""

    def __init__(self, keys: dict[str, Any]) -> None:
        self.keys, self.asked, self.works = keys, 0, True
        self.url = ""


@contextmanager
def publishing(keys: dict[str, Any]) -> Iterator[Published]:
    """Serve a key set on 127.0.0.1."""
    published = Published(keys)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            published.asked += 1
            body = json.dumps(published.keys).encode()
            self.send_response(200 if published.works else 500)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        published.url = f"http://127.0.0.1:{server.server_address[1]}/keys"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield published
        finally:
            server.shutdown()
            thread.join()
