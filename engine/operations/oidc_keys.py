"""Keys that OIDC tokens are signed with: fetched from the issuer, kept, and asked for again only so often."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from typing import Any, Final
from urllib.parse import urlsplit

from jwt import PyJWK, PyJWKClient, PyJWKSet
from jwt.exceptions import PyJWTError

from engine.access import is_loopback
from engine.errors import InputError, NotReadyError
from engine.vocabulary import Text

LIFESPAN_SECONDS: Final = 600.0
"""How long keys are used before they are fetched again."""
COOLDOWN_SECONDS: Final = 30.0
"""Between two tries to fetch, whatever tokens arrive and however the last try ended."""
STALE_SECONDS: Final = 86_400.0
"""While the issuer cannot be reached, keys known before are used so long."""
FETCH_SECONDS: Final = 5.0

_PUBLIC: Final = ("RSA", "EC", "OKP")


class SigningKeys:
    """The public keys of an issuer by `kid`, from a URL or a file; safe for many threads."""

    def __init__(self, url: str, file: Path | None, clock: Callable[[], float] = time.monotonic) -> None:
        """Remember where the keys are.

        Args:
            url: JWKS address; empty: `file` is read.
            clock: Seconds that only ever rise.

        Raises:
            InputError: An address that is neither https nor on this machine.
        """
        if url and not _safe(url):
            raise InputError(
                Text("Signing keys are fetched over https only.", "签名密钥只能通过 https 获取。"),
                Text("Correct TOUCHSTONE_OIDC_JWKS_URL.", "请更正 TOUCHSTONE_OIDC_JWKS_URL。"),
            )
        self._client = PyJWKClient(url, cache_jwk_set=False, timeout=FETCH_SECONDS) if url else None
        self._file = file
        self._clock = clock
        self._lock = Lock()
        self._keys: Mapping[str, PyJWK] = {}
        self._fetched: float | None = None
        self._tried: float | None = None

    def key(self, kid: str) -> PyJWK | None:
        """The key of this name; None: the issuer has none.

        Raises:
            NotReadyError: The keys could never be fetched, or not for a day.
        """
        with self._lock:
            now = self._clock()
            if kid not in self._keys or self._older_than(LIFESPAN_SECONDS, now):
                self._fetch(now)
            if self._fetched is None or self._older_than(STALE_SECONDS, now):
                raise NotReadyError(
                    Text("The issuer's signing keys cannot be had.", "无法取得签发方的签名密钥。"),
                    Text(
                        "Check TOUCHSTONE_OIDC_JWKS_URL or _FILE, and whether the issuer answers.",
                        "请检查 TOUCHSTONE_OIDC_JWKS_URL 或 _FILE，以及签发方是否可用。",
                    ),
                )
            return self._keys.get(kid)

    def _older_than(self, seconds: float, now: float) -> bool:
        return self._fetched is None or now - self._fetched > seconds

    def _fetch(self, now: float) -> None:
        """Fetch once in a while; what fails leaves the keys as they are."""
        if self._tried is not None and now - self._tried < COOLDOWN_SECONDS:
            return
        self._tried = now
        try:
            self._keys = _usable(self._read())
        except (PyJWTError, OSError, ValueError):
            return
        self._fetched = now

    def _read(self) -> Any:
        if self._client is not None:
            return self._client.fetch_data()
        assert self._file is not None
        return json.loads(self._file.read_text("utf-8"))


def _safe(url: str) -> bool:
    parts = urlsplit(url)
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    )


def _usable(keys: Any) -> Mapping[str, PyJWK]:
    """Named public keys for signatures. A symmetric key among them would let anybody who reads it sign."""
    listed = keys.get("keys", []) if isinstance(keys, dict) else []
    public = [
        key
        for key in listed
        if isinstance(key, dict) and key.get("kty") in _PUBLIC and key.get("use", "sig") == "sig" and key.get("kid")
    ]
    return {key.key_id: key for key in PyJWKSet.from_dict({"keys": public}) if key.key_id is not None}
