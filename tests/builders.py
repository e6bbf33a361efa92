"""Builds store rows by hand, through the store's own functions, for tests that need a listing and not a crawl."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from alembic import command
from PIL import Image as Pillow
from sqlalchemy import Connection, text

from store import migrations
from store.store import Store
from store.words.records import Capture, CaptureKind, Image, Parsed, Reading, Run, Snapshot

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


@contextmanager
def as_of(store: Store, revision: str) -> Iterator[Connection]:
    """An empty database with the tables of that revision, one authority and the system: rows of an older store go in here."""
    config = migrations.configuration()
    with store.database.writing() as c:
        config.attributes["connection"] = c
        command.upgrade(config, revision)
        c.execute(text("INSERT INTO authority VALUES ('demo', 'Demo', 'x', '2026-01-01')"))
        c.execute(text("INSERT INTO actor VALUES ('system', 'demo', 'S', 'system', :no, '2026-01-01')"), {"no": False})
        yield c


class Builder:
    """One run of one source, to which pages and pictures are added; each capture a minute after the one before."""

    def __init__(self, store: Store, source: str = "stall") -> None:
        self.store, self.source, self._minute = store, source, 0
        self.run: Run = store.begin_run(
            "crawl", actor="system", authority="demo", code_version="test", config_digest="0" * 64, source=source
        )
        self.writer = store.archive.writer(self.run.id)

    def capture(self, url: str, payload: bytes, kind: CaptureKind = CaptureKind.page, mime: str = "text/html", **rest: object) -> Capture:
        self._minute += 1
        at = START + timedelta(minutes=self._minute)
        given = Capture(
            id=None,
            run=self.run.id,
            source=self.source,
            kind=kind,
            method="GET",
            url_requested=url,
            url_final=url,
            redirects=(),
            status=200,
            request_headers=(("User-Agent", "test"),),
            response_headers=(("Content-Type", mime),),
            body_digest="",
            body_length=0,
            started_at=at,
            ended_at=at,
        )
        for name, value in rest.items():
            object.__setattr__(given, name, value)
        return self.store.keep(self.writer, given, payload, actor="system", purpose="market_sweep")

    def listing(
        self, ref: str, *, pictures: tuple[bytes, ...] = (), parser_version: str = "hand/1", payload: bytes | None = None, **words: object
    ) -> Reading:
        """A listing page captured and read: `words` are the snapshot's; each picture is fetched and joined."""
        snapshot = Snapshot(**words)  # type: ignore[arg-type]
        url = f"http://stall.example/item/{ref}"
        urls = tuple(f"{url}/picture/{i}.jpg" for i in range(len(pictures)))
        page = self.capture(
            url, payload if payload is not None else f"<h1>{snapshot.title}</h1><!-- {self._minute} -->".encode("utf-8", "replace")
        )
        [reading] = self.store.keep_readings(page, "hand", parser_version, [Parsed(ref, url, snapshot, urls)], self.run.id)
        for position, (address, body) in enumerate(zip(urls, pictures, strict=True)):
            self.picture(reading, position, address, body)
        return reading

    def picture(self, reading: Reading, position: int, url: str, body: bytes) -> str:
        taken = self.capture(url, body, CaptureKind.image, "image/jpeg")
        digest = hashlib.sha256(body).hexdigest()
        try:
            with Pillow.open(io.BytesIO(body)) as opened:
                width, height, problem = *opened.size, ""
        except OSError:
            width, height, problem = None, None, "not a picture"
        assert taken.id is not None and reading.id is not None
        self.store.keep_image(Image(None, digest, "image/jpeg", width, height, len(body), taken.id, problem))
        self.store.join_image(reading.id, position, digest, taken.id)
        return digest

    def close(self) -> None:
        self.writer.close()


def jpeg(seed: int, size: tuple[int, int] = (320, 240), quality: int = 90) -> bytes:
    """A textured picture that differs clearly from that of another seed."""
    import numpy

    noise = numpy.random.default_rng(seed)
    small = Pillow.fromarray(noise.integers(0, 255, (12, 16, 3), dtype=numpy.uint8), "RGB")
    out = io.BytesIO()
    small.resize(size, Pillow.Resampling.BICUBIC).save(out, "JPEG", quality=quality)
    return out.getvalue()
