"""A listing's page at the desk: what is shown and to whom, that nothing of a listing gets out of its place, and the page as captured."""

from __future__ import annotations

import hashlib
import re

import httpx
import pytest

from store.words.records import SubjectKind
from tests.builders import Builder, jpeg
from tests.casework.desk.conftest import Served
from tests.casework.desk.test_pictures import own_picture

STRONGEST = "/listings/demo_shop/fo-118"
PICTURE = r"/pictures/([0-9a-f]{64})"
SCRIPT = '"><script>alert(1)</script><img src=x onerror=alert(2)>\'"{{7*7}}'


# -- a listing ---------------------------------------------------------------------------------------------------------------
def test_a_listing_shows_its_reasons_and_they_add_up_to_its_score(desk: Served) -> None:
    page = desk.as_role("officer").get(STRONGEST).text
    with desk.store.acting("system", purpose="test") as reader:
        flag = reader.flag(reader.listing("demo_shop", "fo-118").listing.id or 0)
    assert flag is not None
    table = page[page.index("listing-bars") : page.index("</tbody>", page.index("listing-bars"))]
    points = [float(each) for each in re.findall(r">([+-]\d+\.\d\d)<", table)]
    assert len(points) == len(flag.contributions) and sum(points) == pytest.approx(flag.score, abs=0.01 * len(points))
    sums = [float(each) for each in re.findall(r'numeric">(\d+\.\d\d)<', table)]
    assert sums[-1] == pytest.approx(flag.score, abs=0.005) and f"<strong>{flag.score:.2f}</strong>" in page


def test_words_that_counted_are_marked_with_the_number_of_their_reason(desk: Served) -> None:
    page = desk.as_role("officer").get(STRONGEST).text
    marked = re.findall(r'<mark class="listing-mark[^"]*">([^<]+)</mark><sup[^>]*><a href="#reason-(\d+)"', page)
    assert ("5A quality", "3") in marked or any(word == "5A quality" for word, _ in marked)
    for _, number in marked:
        assert f'id="reason-{number}"' in page


def test_what_speaks_for_the_seller_stands_beside_what_speaks_against_even_where_there_is_nothing(desk: Served) -> None:
    officer = desk.as_role("officer")
    for path in (STRONGEST, "/listings/demo_shop/fo-116", "/listings/demo_classifieds/48202"):
        page = officer.get(f"{path}?opinion=true").text
        assert page.index("What speaks against it") < page.index("What speaks for the seller") < page.index("What was not examined")


def test_a_listing_shows_its_match_its_price_its_history_and_what_was_not_examined(desk: Served) -> None:
    page = desk.as_role("officer").get(STRONGEST).text
    assert re.search(rf"{PICTURE}/beside/[0-9a-f]{{64}}", page) and "which such goods usually fetch" in page
    assert "One version: nothing of it was ever seen to change." in page and "new_account: no date of joining" in page


def test_the_view_of_a_listing_is_one_event_with_the_person_and_what_was_shown(desk: Served) -> None:
    officer = desk.as_role("officer")
    before = desk.store.log_head()[0]
    page = officer.get(STRONGEST).text
    [event] = [e.body for e in desk.store.log(after=before) if e.body["verb"] == "consultation"]
    assert (
        (event["actor"], event["purpose"]) == ("a.officer", "listing show") and event["subjects"]["listing"] and event["subjects"]["image"]
    )
    before = desk.store.log_head()[0]
    for sha256 in set(re.findall(PICTURE, page)):
        assert officer.get(f"/pictures/{sha256}?size=200").status_code == 200
    assert not [e for e in desk.store.log(after=before) if e.body["actor"] == "a.officer"], "a page's pictures are part of its own event"


def test_the_bytes_of_a_picture_and_of_a_capture_are_events_of_their_own(desk: Served) -> None:
    officer, before = desk.as_role("officer"), desk.store.log_head()[0]
    sha256 = own_picture(desk)
    assert hashlib.sha256(officer.get(f"/pictures/{sha256}").content).hexdigest() == sha256
    officer.get("/captures/124/bytes")
    said = [(e.body["verb"], e.body["purpose"]) for e in desk.store.log(after=before) if e.body["actor"] == "a.officer"]
    assert ("consultation", "picture") in said and ("disclosure", "capture bytes") in said


def judged(desk: Served, role: str, path: str, **said: object) -> httpx.Response:
    """The judging form of a listing's page, filled in and sent."""
    browser = desk.as_role(role)
    card = re.search(r'name="card" value="([^"]+)"', browser.get(path).text)
    return browser.post("/queue/judge", {"card": card[1] if card else "53.0.", "back": path, **said})


def test_judging_records_the_person_with_a_reason_and_leads_back_to_the_listing(own_desk: Served) -> None:
    answer = judged(own_desk, "officer", STRONGEST, verdict="yes", code="marks", note="buckle wrong")
    assert answer.url.path == STRONGEST and "Judged yes: the mark or its making is wrong: buckle wrong." in answer.text
    judged(own_desk, "officer", STRONGEST, verdict="no", note="a receipt was shown")
    with own_desk.store.acting("system", purpose="test") as reader:
        said = reader.judgements([(SubjectKind.listing, reader.listing("demo_shop", "fo-118").listing.id or 0)])
    assert [(j.actor, str(j.verdict)) for j in said] == [("a.officer", "yes"), ("a.officer", "no")] and said[1].supersedes == said[0].id


@pytest.mark.parametrize("role", ["analyst", "disclosure_officer", "partner"])
def test_who_may_not_judge_is_not_offered_the_form_and_is_refused(desk: Served, role: str) -> None:
    assert "Judge it" not in desk.as_role(role).get(STRONGEST).text
    assert judged(desk, role, STRONGEST, verdict="yes", note="x").status_code == 403


def test_what_the_score_does_not_queue_is_not_told_to_whoever_is_yet_to_judge_it(own_desk: Served) -> None:
    path, officer = "/listings/demo_shop/fo-114", own_desk.as_role("officer")
    page = officer.get(path).text
    assert "is not told before you have judged it" in page and "Why it has this level" not in page and "listing-mark" not in page
    before = own_desk.store.log_head()[0]
    assert "Why it has this level" in officer.get(f"{path}?opinion=true").text
    assert "listing show, with the score's opinion" in {e.body["purpose"] for e in own_desk.store.log(after=before)}
    judged(own_desk, "officer", path, verdict="no", note="a spoof, as it says")
    assert "Why it has this level" in officer.get(path).text and "Why it has this level" in own_desk.as_role("analyst").get(path).text


def test_who_may_not_view_listings_or_sellers_gets_none_of_their_pages(desk: Served) -> None:
    administrator, sha256 = desk.as_role("administrator"), own_picture(desk)
    for path in ("/listings", STRONGEST, f"/pictures/{sha256}?size=200", f"/pictures/{sha256}/beside/{sha256}", "/captures/124", "/captures/124/replay",
                 "/captures/124/bytes", "/listings/picture", "/sellers", "/sellers/11", "/sellers/11/network", "/sellers/11/network.json", "/sellers/11/network.svg"):  # fmt: skip
        assert administrator.get(path).status_code == 403, path
        assert desk.browser().get(path).url.path == "/sign-in", path


# -- finding -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("asked, title, other", [
    ("q=hermes+belt", "Hermes belt 5A quality", "Moncler puffer"), ("level=note", "Burberry trench size 12", "Hermes belt 5A quality"),
    ("low=1000", "", "Hermes belt 5A quality"), ("source=demo_wall&order=urgent", "Chanel dupe bag", "Hermes belt 5A quality"),
    ("reason=price_far_below&judged=no&low=39&high=39.00&since=2020-01-01", "Hermes belt 5A quality", "Moncler puffer"), ("until=2020-01-01", "", "Hermes belt 5A quality"),
    ("q=%22+OR+1%3D1+--", "", "Hermes belt 5A quality"), ("area=M32%27%3B+DROP+TABLE+listing", "", "Hermes belt 5A quality"),
])  # fmt: skip
def test_listings_are_found_by_words_and_filters_and_the_search_is_in_the_log(desk: Served, asked: str, title: str, other: str) -> None:
    before = desk.store.log_head()[0]
    page = desk.as_role("officer").get(f"/listings?{asked}")
    assert page.status_code == 200 and title in page.text and other not in page.text
    assert ("a.officer", "listing find") in {(e.body["actor"], e.body["purpose"]) for e in desk.store.log(after=before)}


@pytest.mark.parametrize(
    "asked, says",
    [("since=yesterday", "is no day"), ("low=lots", "is no price"), ("level=guilty", "is no level"), ("after=x", "no place of a page")],
)
def test_a_filter_that_is_none_gets_a_sentence(desk: Served, asked: str, says: str) -> None:
    answer = desk.as_role("officer").get(f"/listings?{asked}")
    assert answer.status_code == 400 and says in answer.text


# -- hostile words -----------------------------------------------------------------------------------------------------------
@pytest.fixture
def hostile(own_desk: Served) -> tuple[Served, int, int]:
    """A listing each of whose fields is a script, of an account that is; with its numbers."""
    build = Builder(own_desk.store, "demo_shop")
    words = dict.fromkeys(("title", "text", "brand", "category", "condition", "seller", "seller_name", "place"), SCRIPT)
    first = build.listing(
        "evil/1?x=<script>", pictures=(jpeg(1),), payload=b"<h1>was</h1>", price_text=SCRIPT, price_minor=100, currency="GBP", **words
    )
    build.listing("evil/1?x=<script>", pictures=(jpeg(1),), payload=f"<h1>now</h1>{SCRIPT}".encode(), price_text="javascript:alert(3)", **words | {"text": f"{SCRIPT} again"})  # fmt: skip
    build.close()
    assert first.seller is not None
    return own_desk, first.listing, first.seller


INLINE = r"<script(?![^>]*\bsrc=\"/)|\son\w+\s*=(?=[^\"]*<|x)|=\s*[\"']?\s*javascript:|<img src=x"


def test_no_field_of_a_listing_or_an_account_becomes_markup_or_a_link(hostile: tuple[Served, int, int]) -> None:
    desk, listing, seller = hostile
    officer = desk.as_role("officer")
    paths = [
        f"/listings/{listing}",
        "/listings",
        f"/listings?q={SCRIPT[:12]}",
        "/sellers",
        f"/sellers?q={SCRIPT[:20]}",
        f"/sellers/{seller}",
        f"/sellers/{seller}/network",
        "/captures/227",
    ]
    for path in paths:
        page = officer.get(path)
        assert page.status_code == 200, path
        assert not re.search(r"<script(?![^>]*\bsrc=\")", page.text) and "<img src=x" not in page.text, path
        assert not re.search(r"(?:href|src|action)=[\"']?\s*(?:javascript|data|vbscript):", page.text, re.IGNORECASE), path
        assert "49" not in re.findall(r"alert\(2\)&gt;&#39;&#34;(\d+)", page.text), "a template was evaluated"
    assert "&lt;script&gt;alert(1)" in officer.get(f"/listings/{listing}").text


def test_nothing_of_a_site_is_a_link_from_the_desk(desk: Served) -> None:
    officer = desk.as_role("officer")
    for path in (STRONGEST, "/sellers/11", "/sellers/11/network", "/captures/124"):
        assert not re.search(r'(?:href|src|action)="(?!/|#)', officer.get(path).text), path


def test_the_data_of_a_graph_are_json_that_no_browser_takes_for_a_page(hostile: tuple[Served, int, int]) -> None:
    desk, _, seller = hostile
    officer = desk.as_role("officer")
    answer = officer.get(f"/sellers/{seller}/network.json")
    assert answer.headers["content-type"] == "application/json" and answer.headers["x-content-type-options"] == "nosniff"
    assert any(node["label"] == SCRIPT for node in answer.json()["nodes"])
    drawing = officer.get(f"/sellers/{seller}/network.svg")
    assert (
        "sandbox" in drawing.headers["content-security-policy"]
        and "<script" not in drawing.text
        and "onerror=alert(2)>" not in drawing.text
    )


def test_a_listing_with_slashes_and_question_marks_in_its_reference_has_its_page(hostile: tuple[Served, int, int]) -> None:
    desk, listing, _ = hostile
    from casework.desk.showing import listing_path

    with desk.store.acting("system", purpose="test") as reader:
        [summary] = reader.summaries(numbers=[listing])
    officer = desk.as_role("officer")
    assert "alert(1)" in officer.get(listing_path(summary.listing)).text
    answer = judged(desk, "officer", listing_path(summary.listing), verdict="no", note=SCRIPT)
    assert "Judged no:" in answer.text and answer.url.path.startswith("/listings/demo_shop/evil") and "<script>alert" not in answer.text


# -- the page as captured ----------------------------------------------------------------------------------------------------
PAGE = b"""<!doctype html><html><head><base href="http://evil.example/"><meta http-equiv="refresh" content="0;url=http://evil.example/">
<link rel="preconnect" href="http://evil.example"><link rel="stylesheet" href="/x.css"><style>body{background:url(http://evil.example/b.png)} </style >@import 'x'</style>
<script>parent.document.title='gone'</script></head><body onload="alert(1)" style="color:red"><h1>Belt</h1>
<img src="http://stall.example/item/9/picture/0.jpg" onerror="alert(2)"><img src="http://evil.example/t.gif"><svg onload=alert(3)><script>alert(4)</script></svg>
<a href="javascript:alert(5)">a</a><a href="http://evil.example/">b</a><form action="http://evil.example/"><input name=q></form>
<iframe src="http://evil.example/"></iframe><object data="http://evil.example/x"></object><embed src="x"><noscript><img src=x onerror=alert(6)></noscript>
<math><mi//xlink:href="data:x,<script>alert(7)</script>"></math></body></html>"""


@pytest.fixture
def captured(own_desk: Served) -> tuple[Served, int]:
    build = Builder(own_desk.store, "stall")
    reading = build.listing("9", pictures=(jpeg(3),), payload=PAGE, title="Belt")
    build.close()
    return own_desk, reading.capture


def test_a_replay_has_no_script_no_connection_and_no_way_out(captured: tuple[Served, int]) -> None:
    desk, capture = captured
    answer = desk.as_role("officer").get(f"/captures/{capture}/replay")
    policy = answer.headers["content-security-policy"]
    assert (
        "sandbox;" in policy
        and "default-src 'none'" in policy
        and "unsafe" not in policy
        and "allow-" not in policy
        and "http" not in policy
    )
    assert answer.headers["x-frame-options"] == "SAMEORIGIN" and "frame-ancestors 'self'" in policy
    text = answer.text.lower()
    assert "<h1>belt</h1>" in text
    for gone in (
        "<script",
        "<a ",
        "<a>",
        "<base",
        "<meta http",
        "<link",
        "<iframe",
        "<object",
        "<embed",
        "<form",
        "<svg onload=alert(3)><script",
    ):
        assert gone not in text, gone
    assert text.count('src="data:image/jpeg;base64,') == 1 and 'src="http' not in text and text.count("picture not kept") == 1
    assert text.count("<style") == 1 and "</style >" not in text.partition("</style>")[0]


def test_each_replay_has_a_nonce_of_its_own(captured: tuple[Served, int]) -> None:
    desk, capture = captured
    officer = desk.as_role("officer")
    nonces = {
        re.search(r"nonce-([\w-]+)", officer.get(f"/captures/{capture}/replay").headers["content-security-policy"])[1] for _ in range(3)
    }  # type: ignore[index]
    assert len(nonces) == 3


def test_the_exact_bytes_are_a_file_under_our_own_name(captured: tuple[Served, int]) -> None:
    desk, capture = captured
    answer = desk.as_role("officer").get(f"/captures/{capture}/bytes")
    assert answer.content == PAGE and answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == f'attachment; filename="capture-{capture}.bin"'
    assert answer.headers["content-security-policy"].startswith("sandbox") and answer.headers["x-content-type-options"] == "nosniff"
