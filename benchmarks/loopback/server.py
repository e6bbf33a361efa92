"""The site that benchmarks/crawl.py crawls: goods on 20 kB pages, one picture each, from one cheap asyncio process.

Its own process, so that what a crawler costs is not hidden in it, and so little work a request that it is never what is waited for.
It says on its standard output, a line each, the ports it listens at, then how many item pages have been asked for whenever that
number is in the list it was given; a parent takes the crawler's CPU time and memory then.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import random

from PIL import Image

PER_LIST = 50
SIZE = 20_000


class Goods:
    """Every page and picture follows from its number, so that 20,000 of them need no memory."""

    def __init__(self, count: int) -> None:
        self.count = count
        noise = random.Random(1)
        words = ["".join(noise.choices("abcdefghijklmnopqrstuvwxyz", k=noise.randint(2, 9))) for _ in range(4000)]
        self.prose = " ".join(noise.choices(words, k=30_000))
        out = io.BytesIO()
        small = Image.frombytes("RGB", (80, 60), noise.randbytes(80 * 60 * 3))
        small.resize((480, 360), Image.Resampling.BICUBIC).save(out, "JPEG", quality=80)
        self.jpeg = out.getvalue()

    def answer(self, path: str) -> tuple[bytes, bytes]:
        """(content type, body); a body of b"" is a 404."""
        kind, _, number = path.strip("/").partition("/")
        if kind == "robots.txt":
            return b"text/plain", b"User-agent: *\nDisallow: /basket\n"
        if kind == "picture":
            mark = number.encode()
            return b"image/jpeg", self.jpeg[:2] + b"\xff\xfe" + (len(mark) + 2).to_bytes(2, "big") + mark + self.jpeg[2:]
        html = self.item(int(number)) if kind == "item" else self.list(int(number or 0)) if kind in ("list", "") else ""
        return b"text/html; charset=utf-8", html.encode()

    def list(self, page: int) -> str:
        first = page * PER_LIST
        cards = "".join(
            f"<li class=card><a href='/item/{n}'>Tote bag no. {n}</a></li>" for n in range(first, min(first + PER_LIST, self.count))
        )
        following = f"<a rel=next href='/list/{page + 1}'>Next</a>" if first + PER_LIST < self.count else ""
        return f"<!doctype html><title>Bags</title><h1>Bags</h1><ul>{cards}</ul>{following}"

    def item(self, n: int) -> str:
        at = n * 37 % (len(self.prose) - 2 * SIZE)
        price, picture = f"{20 + n % 900}.50", f"/picture/{n}.jpg"
        about = self.prose[at : at + 900]
        product = {
            "@context": "https://schema.org",
            "@type": "Product",
            "name": f"Tote bag no. {n}",
            "description": about,
            "sku": str(n),
            "image": picture,
            "offers": {"@type": "Offer", "price": price, "priceCurrency": "GBP", "seller": {"@type": "Person", "name": f"Stall {n % 500}"}},
        }
        head = (
            f"<!doctype html><html lang=en><head><meta charset=utf-8><title>Tote bag no. {n}</title>"
            f"<script type='application/ld+json'>{json.dumps(product)}</script></head><body>"
            "<nav>" + "".join(f"<a href='/list/{i}'>Shelf {i}</a>" for i in range(30)) + "</nav>"
            f"<main><h1>Tote bag no. {n}</h1><p class=price>£{price}</p><img class=photo src='{picture}' alt=''>"
            f"<p class=seller><a href='/list/0?stall={n % 500}'>Stall {n % 500}</a></p><div class=text>{about}</div></main>"
        )
        rest, paragraphs = SIZE - len(head) - 30, []
        while rest > 0:
            at += 400
            said = f"<section class=more><h2>{self.prose[at : at + 20]}</h2><p>{self.prose[at + 20 : at + 320]}</p></section>"
            paragraphs.append(said)
            rest -= len(said)
        return head + "".join(paragraphs) + "</body></html>"


class Answers(asyncio.Protocol):
    """HTTP/1.1 with connections kept alive, as far as a crawler's GET needs it."""

    def __init__(self, goods: Goods, latency: float, marks: set[int]) -> None:
        self.goods, self.latency, self.marks, self.buffer = goods, latency, marks, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
            path = head.split(b" ", 2)[1].partition(b"?")[0].decode("latin-1")
            if path.startswith("/item/"):
                asked[0] += 1
                if asked[0] in self.marks:
                    print(asked[0], flush=True)
            if self.latency:
                asyncio.get_running_loop().call_later(self.latency, self.write, path)
            else:
                self.write(path)

    def write(self, path: str) -> None:
        kind, body = self.goods.answer(path)
        status = b"200 OK" if body else b"404 Not Found"
        self.transport.write(b"HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s" % (status, kind, len(body), body))


asked = [0]


async def serve(goods: Goods, hosts: int, latency: float, marks: set[int]) -> None:
    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(lambda: Answers(goods, latency, marks), "127.0.0.1", 0) for _ in range(hosts)]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await asyncio.Event().wait()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--goods", type=int, default=600)
    options.add_argument("--hosts", type=int, default=1)
    options.add_argument("--latency", type=float, default=0.0, help="seconds")
    options.add_argument("--marks", type=int, nargs="*", default=[1])
    given = options.parse_args()
    asyncio.run(serve(Goods(given.goods), given.hosts, given.latency, set(given.marks)))


if __name__ == "__main__":
    main()
