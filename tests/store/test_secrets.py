"""Secrets: none gets into the archive by any route, and nothing that is no secret is taken out."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from store.archive import Archive
from store.secrets import MARKER, URL_MARKER, redact_body, redact_headers, redact_url

TOKEN = "tok-9f8e7d6c5b4a"
COOKIE = "ck-1a2b3c4d5e6f"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://h/x?q=1&token=s%2Fe/c=&page=2", f"https://h/x?q=1&token={URL_MARKER}&page=2"),
        ("https://h/?access%5Ftoken=s&API_KEY=s", f"https://h/?access%5Ftoken={URL_MARKER}&API_KEY={URL_MARKER}"),
        ("https://u:p@h:81/x", f"https://{URL_MARKER}@h:81/x"),
        ("//key@h/x", f"//{URL_MARKER}@h/x"),
        ("https://h/cb#access_token=s&state=1", f"https://h/cb#access_token={URL_MARKER}&state=1"),
        ("https://h/p;jsessionid=S?x=1", f"https://h/p;jsessionid={URL_MARKER}?x=1"),
        ("https://h/?user[password]=s&a.token=s", f"https://h/?user[password]={URL_MARKER}&a.token={URL_MARKER}"),
        ("https://h/?X-Amz-Signature=s&X-Amz-Date=1", f"https://h/?X-Amz-Signature={URL_MARKER}&X-Amz-Date=1"),
        # no secrets: an empty value, where a list goes on, an @ in a path or a query, a word that only holds one
        ("https://h/a@b?token=&pageToken=7&q=a@b", "https://h/a@b?token=&pageToken=7&q=a@b"),
        ("https://h/?keyword=token&monkey=1&signatures=2#key", "https://h/?keyword=token&monkey=1&signatures=2#key"),
        ("urn:uuid:1?=x", "urn:uuid:1?=x"),
        ("", ""),
    ],
)
def test_addresses(given: str, expected: str) -> None:
    assert redact_url(given) == expected
    assert redact_url(expected) == expected


@pytest.mark.parametrize(
    "name", ["token", "access_token", "api_key", "key", "sig", "signature", "session", "sid", "password", "clientSecret", "PHPSESSID"]
)
def test_each_secret_parameter_name(name: str) -> None:
    for url in (
        f"https://h/?{name}={TOKEN}",
        f"https://h/?a=1&{name}={TOKEN}&b=2",
        f"https://h/?next={quote(f'https://i/?{name}={TOKEN}&b=2', safe='')}",
    ):
        assert TOKEN not in redact_url(url), url
    assert redact_url(f"https://h/?a=1&{name}={TOKEN}&b=2") == f"https://h/?a=1&{name}={URL_MARKER}&b=2"


def test_headers_keep_their_order_and_their_duplicates() -> None:
    given = (
        ("Set-Cookie", "a=1"),
        ("Content-Type", "text/html"),
        ("set-cookie", "b=2; Path=/"),
        ("X-Token-Count", "4"),
        ("Vary", "Cookie"),
    )
    assert redact_headers(given) == (
        ("Set-Cookie", MARKER),
        ("Content-Type", "text/html"),
        ("set-cookie", MARKER),
        ("X-Token-Count", "4"),
        ("Vary", "Cookie"),
    )
    assert redact_headers(redact_headers(given)) == redact_headers(given)


@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "Proxy-Authorization",
        "Cookie",
        "Set-Cookie",
        "X-Api-Key",
        "X-Auth-Token",
        "X-CSRFToken",
        "X-Amz-Security-Token",
        "Ocp-Apim-Subscription-Key",
        "x_session_id",
        "apikey",
    ],
)
def test_each_secret_header(name: str) -> None:
    assert redact_headers([(name, TOKEN)]) == ((name, MARKER),)


@pytest.mark.parametrize(
    "name",
    [
        "Etag",
        "Content-Security-Policy",
        "Strict-Transport-Security",
        "Access-Control-Allow-Credentials-Max",
        "Keep-Alive",
        "X-Key",
        "Server",
    ],
)
def test_other_headers_stay(name: str) -> None:
    assert redact_headers([(name, "v; w=1")]) == ((name, "v; w=1"),)


def test_addresses_within_headers() -> None:
    found = redact_headers(
        [
            ("Location", "/a?token=a b&x=1"),
            ("Referer", "https://u:p@h/"),
            ("Refresh", "5; url=https://h/?sid=4"),
            ("Link", "<https://h/?sig=9>; rel=next"),
        ]
    )
    assert [value for _, value in found] == [
        f"/a?token={URL_MARKER}&x=1",
        f"https://{URL_MARKER}@h/",
        f"5; url=https://h/?sid={URL_MARKER}",
        f"<https://h/?sig={URL_MARKER}>; rel=next",
    ]


def test_bodies() -> None:
    assert (
        redact_body(b"user=a&password=x+y&z=1", "application/x-www-form-urlencoded; charset=utf-8")
        == f"user=a&password={URL_MARKER}&z=1".encode()
    )
    given = {"a": [{"apiKey": [1, 2]}], "u": "https://h/?token=1", "price": 1.10, "token": None, "session": {"x": 1}}
    clean = json.loads(redact_body(json.dumps(given).encode(), "application/json"))
    assert clean == {"a": [{"apiKey": MARKER}], "u": f"https://h/?token={URL_MARKER}", "price": 1.10, "token": None, "session": MARKER}
    assert redact_body(b'{"token": "cut off', "application/json") == f'{{"token": "{MARKER}"'.encode()
    assert redact_body(b'{"price": 1.10, "b":[ ]}', "application/json") == b'{"price": 1.10, "b":[ ]}'
    assert redact_body(b"\xff\xfe\x00", "image/png") == b"\xff\xfe\x00"
    form = b'--B\r\nContent-Disposition: form-data; name="%s"\r\n\r\nvalue\r\n--B--\r\n'
    assert redact_body(form % b"password", "multipart/form-data; boundary=B") == form.replace(b"value", MARKER.encode()) % b"password"
    assert redact_body(form % b"title", "multipart/form-data; boundary=B") == form % b"title"
    assert redact_body(form % b"title", "multipart/form-data") == MARKER.encode()


def test_a_planted_token_and_cookie_occur_nowhere_in_the_segment(tmp_path: Path) -> None:
    """By every route that a caller has: addresses, headers both ways, bodies, extra fields, revisits, resources."""
    when = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    url = f"https://user:{TOKEN}@shop.example/p?access_token={TOKEN}&q=bag#id_token={TOKEN}"
    sent = (("Authorization", f"Bearer {TOKEN}"), ("Cookie", f"s={COOKIE}"), ("Referer", url), ("X-Api-Key", TOKEN))
    answered = (
        ("Set-Cookie", f"s={COOKIE}"),
        ("Location", url),
        ("Set-Cookie2", COOKIE),
        ("Link", f"<{url}>; rel=canonical"),
        ("Refresh", f"1; url={url}"),
    )
    extra = {"WARC-Touchstone-Source": url, "X-Auth-Token": TOKEN}
    with Archive(tmp_path).writer("run") as writer:
        for body, mime in ((f"password={TOKEN}", "application/x-www-form-urlencoded"), (f'{{"token": "{TOKEN}"}}', "application/json")):
            common: dict[str, Any] = {
                "uri": url,
                "date": when,
                "status": 302,
                "method": "POST",
                "request_headers": (*sent, ("Content-Type", mime)),
                "request_body": body.encode(),
                "response_headers": answered,
                "extra": extra,
            }
            writer.response(**common, payload=b"page")
            writer.revisit(**common, refers_to_uri=url, refers_to_date=when, payload_digest="0" * 64)
        writer.resource(uri=url, date=when, mime="text/html", payload=b"<html>", extra=extra)
    raw = gzip.decompress((tmp_path / "run-00001.warc.gz").read_bytes())
    assert TOKEN.encode() not in raw and COOKIE.encode() not in raw
    assert MARKER.encode() in raw and URL_MARKER.encode() in raw
    assert Archive(tmp_path).verify() == []
