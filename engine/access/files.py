"""Files that hold personal data: made readable by their owner alone, whatever the umask says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO, Final

PRIVATE: Final = 0o600
"""Mode of such a file. One that is there already keeps its own: somebody chose it."""


def open_private(file: Path, *, new: bool = False) -> BinaryIO:
    """A file opened to be written anew.

    Args:
        new: It must not be there yet.

    Raises:
        OSError: It cannot be written, or is there and must not be.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | (os.O_EXCL if new else os.O_TRUNC)
    return os.fdopen(os.open(file, flags, PRIVATE), "wb")
