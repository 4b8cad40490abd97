"""A folder of entries: Hypothesis's example database of a directory, whose entries are whole or absent."""

from __future__ import annotations

import os
import uuid

from hypothesis.database import DirectoryBasedExampleDatabase


class Folder(DirectoryBasedExampleDatabase):
    """Writes each entry beside the others before it bears its name.

    Upstream writes to the folder for temporary files; where that is on another disk the entry is copied in place, and a
    process that is killed meanwhile leaves a part of it (HypothesisWorks/hypothesis#4335 made it so).
    """

    def save(self, key: bytes, value: bytes) -> None:
        """Keep an entry, which is there whole or not at all. Raises OSError."""
        path, draft = self._value_path(key, value), self.path / f"draft-{os.getpid()}-{uuid.uuid4().hex}"
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            return
        try:
            draft.write_bytes(value)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
