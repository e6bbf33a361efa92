"""The queue's pages as forms, without scripts: judging, many together, undo, second persons, who has what, notes, clearances; and who may what."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from store.words.records import SubjectKind, Verdict
from tests.casework.desk.conftest import Browser, Served

LISTING = SubjectKind.listing


def cards_on(page: str) -> dict[int, str]:
    """The cards of a page that can be judged, by number, each as its form sends it."""
    return {int(token.partition(".")[0]): token for token in re.findall(r'name="card" value="(\d+\.\d+\.[0-9a-f]*)"', page)}


def said_of(served: Served, listing: int) -> list[tuple[str, str, str]]:
    with served.store.acting("system", purpose="test") as reader:
        return [(j.actor, str(j.verdict), j.code) for j in reader.judgements([(LISTING, listing)])]


@pytest.fixture
def queue(own_desk: Served) -> Iterator[Served]:
    yield own_desk


def test_a_card_shows_level_reasons_price_against_reference_and_what_speaks_for_the_seller(desk: Served) -> None:
    page = desk.as_role("officer").get("/queue").text
    assert "points" in page and "priority" in page
    assert re.search(r"The price, £[\d.]+, is \d+% of ", page) and "last seen" in page and "UTC)" in page


def test_a_card_shows_the_advert_s_picture(desk: Served) -> None:
    officer = desk.as_role("officer")
    [picture, *more] = re.findall(r'<img class="queue-picture" src="([^"]+)"', officer.get("/queue").text)
    assert officer.get(picture).headers["content-type"] == "image/jpeg" and len(more) >= 10


def test_a_card_is_judged_by_form_and_taken_back_by_form(queue: Served) -> None:
    officer = queue.as_role("officer")
    listing, token = next(iter(cards_on(officer.get("/queue").text).items()))
    after = officer.post("/queue/judge", {"card": token, "verdict": "no", "code": "unbranded", "note": "a plain belt"}, on="/queue")
    assert "Judged no: no mark is used: a plain belt." in after.text and listing not in cards_on(after.text)
    assert said_of(queue, listing) == [("a.officer", "no", "unbranded")]
    assert "What you judged last" in after.text
    back = officer.post("/queue/undo", {"listing": listing}, on="/queue")
    assert "Taken back: it waits again." in back.text and listing in cards_on(back.text)
    assert said_of(queue, listing)[-1] == ("a.officer", "undone", "")


def test_without_a_reason_it_is_the_verdict_s_usual_one_and_words_alone_have_no_code(queue: Served) -> None:
    officer = queue.as_role("officer")
    (one, token), (two, other), (three, third), *_ = cards_on(officer.get("/queue").text).items()
    officer.post("/queue/judge", {"card": token, "verdict": "yes"}, on="/queue")
    officer.post("/queue/judge", {"card": other, "verdict": "yes", "note": "I know this one"}, on="/queue")
    assert said_of(queue, one) == [("a.officer", "yes", "marks")] and said_of(queue, two) == [("a.officer", "yes", "")]
    wrong = officer.post("/queue/judge", {"card": third, "verdict": "yes", "code": "genuine"}, on="/queue")
    assert wrong.status_code == 400 and "no reason to say yes" in wrong.text and said_of(queue, three) == []
    for card in ("x", "1", "1.x.y", f"{10**12}.0."):
        assert officer.post("/queue/judge", {"card": card, "verdict": "yes"}, on="/queue").status_code == 400
    assert officer.post("/queue/judge", {"card": third, "verdict": "undone"}, on="/queue").status_code == 400


def test_a_card_that_a_colleague_judged_meanwhile_is_not_judged_over_their_head(queue: Served) -> None:
    officer, supervisor = queue.as_role("officer"), queue.as_role("supervisor")
    listing, token = next(iter(cards_on(officer.get("/queue").text).items()))
    supervisor.post("/queue/judge", {"card": token, "verdict": "yes"}, on="/queue")
    late = officer.post("/queue/judge", {"card": token, "verdict": "no"}, on="/queue")
    assert late.status_code == 400 and "a.supervisor judged listing" in late.text and len(said_of(queue, listing)) == 1


def test_many_are_judged_with_every_member_shown(queue: Served) -> None:
    officer = queue.as_role("officer")
    tokens = dict(list(cards_on(officer.get("/queue").text).items())[:3])
    together = officer.post("/queue/many", {"card": list(tokens.values())}, on="/queue")
    assert "Judge 3 cards together" in together.text and cards_on(together.text) == tokens
    chosen = list(tokens)[:2]
    done = officer.post("/queue/many/judge", {"card": [tokens[n] for n in chosen], "verdict": "no", "code": "genuine"}, on="/queue")
    assert "2 judged no, one by one" in done.text
    assert [said_of(queue, n) for n in tokens] == [[("a.officer", "no", "genuine")]] * 2 + [[]]
    assert "Choose the cards first" in officer.post("/queue/many", {}, on="/queue").text


def test_taken_cards_are_mine_and_not_a_colleague_s(queue: Served) -> None:
    officer, reviewer = queue.as_role("officer"), queue.as_role("reviewer")
    tokens = cards_on(officer.get("/queue").text)
    mine = dict(list(tokens.items())[:2])
    page = officer.post("/queue/take", {"card": list(mine.values())}, on="/queue")
    assert "2 cards are yours for 15 minutes" in page.text and set(cards_on(page.text)) == set(mine) and page.url.query == b"waits=mine"
    theirs = reviewer.get("/queue")
    assert not set(cards_on(theirs.text)) & set(mine) and "2 with another officer" in theirs.text
    refused = reviewer.post("/queue/judge", {"card": next(iter(mine.values())), "verdict": "no"}, on="/queue")
    assert refused.status_code == 400 and "a.officer is judging listing" in refused.text
    assert "None of them was free" in reviewer.post("/queue/take", {"card": list(mine.values())}, on="/queue").text


def test_a_supervisor_gives_a_card_and_an_officer_takes_only_what_is_free(queue: Served) -> None:
    officer, supervisor = queue.as_role("officer"), queue.as_role("supervisor")
    listing = next(iter(cards_on(officer.get("/queue").text)))
    path = f"/queue/card/{listing}"
    assert officer.post(f"{path}/assign", {"officer": "a.reviewer"}, on=path).status_code == 400
    assert "It is a.reviewer’s now." in supervisor.post(f"{path}/assign", {"officer": "a.reviewer"}, on=path).text
    assert "a.reviewer&#39;s since" in officer.post(f"{path}/assign", {"officer": "a.officer"}, on=path).text
    over = supervisor.post(f"{path}/assign", {"officer": "a.supervisor", "over": "true"}, on=path)
    assert "taken over from a.reviewer" in over.text
    assert "It is nobody’s now." in supervisor.post(f"{path}/assign", {"officer": ""}, on=path).text


def test_a_supervisor_gives_chosen_cards_to_a_colleague_from_the_queue(queue: Served) -> None:
    officer, supervisor = queue.as_role("officer"), queue.as_role("supervisor")
    tokens = dict(list(cards_on(supervisor.get("/queue").text).items())[:2])
    assert "Give the chosen to them" not in officer.get("/queue").text
    sent = {"card": list(tokens.values()), "officer": "a.reviewer"}
    assert officer.post("/queue/assign", sent, on="/queue").status_code == 403
    given = supervisor.post("/queue/assign", sent, on="/queue")
    assert "2 cards given to a.reviewer." in given.text and "2 with another officer" in given.text
    assert set(cards_on(queue.as_role("reviewer").get("/queue?waits=mine").text)) == set(tokens)
    assert supervisor.post("/queue/assign", sent | {"officer": "a.officer"}, on="/queue").status_code == 400, "taken over on its own card"
    for nobody in ("a.analyst", "system", ""):
        assert "somebody of your authority who judges" in supervisor.post("/queue/assign", sent | {"officer": nobody}, on="/queue").text
    assert "Choose the cards first" in supervisor.post("/queue/assign", {"officer": "a.reviewer"}, on="/queue").text


def test_a_card_is_put_off_and_comes_back(queue: Served) -> None:
    officer = queue.as_role("officer")
    listing = next(iter(cards_on(officer.get("/queue").text)))
    path = f"/queue/card/{listing}"
    page = officer.post(f"{path}/skip", {"until": "15/1/2099", "reason": "the brand answers by then"}, on=path)
    assert "1 put off until later" in page.text and listing not in cards_on(page.text)
    assert listing in cards_on(officer.get("/queue?waits=skipped").text)
    assert "the brand answers by then" in officer.get(path).text
    assert "It waits again." in officer.post(f"{path}/skip", {"until": ""}, on=path).text
    assert officer.post(f"{path}/skip", {"until": "whenever", "reason": "x"}, on=path).status_code == 400


def test_notes_are_kept_and_corrected(queue: Served) -> None:
    officer, supervisor = queue.as_role("officer"), queue.as_role("supervisor")
    listing = next(iter(cards_on(officer.get("/queue").text)))
    path = f"/queue/card/{listing}"
    page = officer.post(f"{path}/note", {"text": "<script>unit 3</script>", "log": "true"}, on=path)
    assert "&lt;script&gt;unit 3" in page.text and "<script>unit" not in page.text and "in their log" in page.text
    with queue.store.acting("a.officer", purpose="test") as reader:
        [kept] = reader.notes(LISTING, [listing])
    after = supervisor.post(f"{path}/correct", {"which": kept.id, "text": "unit 4"}, on=path)
    assert "unit 4" in after.text and "unit 3" not in after.text
    assert supervisor.post(f"{path}/correct", {"which": kept.id, "text": "unit 5"}, on=path).status_code == 400


def test_notes_are_seen_in_one_place_by_whose_they_are_and_logs_apart(queue: Served) -> None:
    officer, supervisor = queue.as_role("officer"), queue.as_role("supervisor")
    listing = next(iter(cards_on(officer.get("/queue").text)))
    path = f"/queue/card/{listing}"
    officer.post(f"{path}/note", {"text": "rang <b>the landlord</b>", "log": "true"}, on=path)
    supervisor.post(f"{path}/note", {"text": "ask the brand"}, on=path)
    with queue.store.acting("system", purpose="test") as reader:
        first = reader.notes()[0].id
    supervisor.post(f"{path}/correct", {"which": first, "text": "wrote to the landlord"}, on=path)
    every = supervisor.get("/notes").text
    assert f'href="/listings/{listing}"' in every and "wrote to the landlord" in every and "ask the brand" in every and "rang" not in every
    assert "rang &lt;b&gt;the landlord" in supervisor.get("/notes?superseded=true").text
    assert "ask the brand" not in supervisor.get("/notes?log=true").text
    assert "Nothing is noted." in officer.get("/notes?officer=a.reviewer").text and "landlord" not in officer.get("/notes?officer=a.officer").text  # fmt: skip
    assert queue.as_role("partner").get("/notes").status_code == 403


def test_a_cleared_seller_leaves_the_queue_with_a_count_and_comes_back(queue: Served) -> None:
    officer = queue.as_role("officer")
    with queue.store.acting("a.officer", purpose="test") as reader:
        flagged = list(
            cards_on(officer.get("/queue?level=priority").text)
        )  # by level: without the second looks, which a clearance leaves where they are
        sellers = {s.listing.id: s.seller for s in reader.summaries(numbers=flagged)}
    seller = next(iter(filter(None, sellers.values())))
    gone = {n for n, who in sellers.items() if who == seller}
    path = f"/queue/card/{min(gone)}"
    page = officer.post("/queue/cleared", {"kind": "seller", "what": str(seller), "evidence": "on the brand's list"}, on=path)
    assert "on the brand&#39;s list" in page.text
    left = officer.get("/queue?level=priority")
    assert not gone & set(cards_on(left.text)) and "of cleared sellers" in left.text
    assert gone <= set(cards_on(officer.get("/queue?waits=cleared&most=200").text))
    officer.post("/queue/cleared/1/withdraw", {"reason": "the account was sold"}, on="/queue/cleared")
    assert gone <= set(cards_on(officer.get("/queue?most=200").text))
    assert officer.post("/queue/cleared", {"kind": "seller", "what": "bags", "evidence": "x"}, on=path).status_code == 400


def test_the_second_person_is_told_only_after_they_have_judged(queue: Served) -> None:
    queue.home.path("configs/judging.yml").write_text(
        (queue.home.file("judging.yml").read_text()).replace("second_share: 0.1", "second_share: 1")
    )
    officer, reviewer = queue.as_role("officer"), queue.as_role("reviewer")
    listing, token = next(iter(cards_on(officer.get("/queue").text).items()))
    officer.post("/queue/judge", {"card": token, "verdict": "yes", "code": "other_yes", "note": "the zip is wrong"}, on="/queue")
    page = reviewer.get("/queue/second")
    assert set(cards_on(page.text)) == {listing} and "zip" not in page.text and "a.officer" not in page.text
    hidden = reviewer.get(f"/queue/card/{listing}")
    assert "zip" not in hidden.text and hidden.url.path == "/queue/second"
    first = re.search(r'name="first" value="(\d+)"', page.text)
    assert first
    whole = reviewer.get(f"/listings/{listing}")
    assert "waits for you as the second person" in whole.text and "zip" not in whole.text and "a.officer" not in whole.text
    assert 'action="/queue/second"' in whole.text and f'name="first" value="{first[1]}"' in whole.text and cards_on(whole.text) == {listing: cards_on(page.text)[listing]}  # fmt: skip
    assert "the zip is wrong" in queue.as_role("analyst").get(f"/listings/{listing}").text, "who judges nothing is told"
    data = {"card": cards_on(page.text)[listing], "first": first[1], "verdict": "no"}
    told = reviewer.post("/queue/second", data, on="/queue/second")
    assert "You said no. a.officer had said yes: another reason: the zip is wrong." in told.text
    assert reviewer.post("/queue/second", data, on="/queue/second").status_code == 400
    assert "the zip is wrong" in reviewer.get(f"/listings/{listing}").text
    agreed = queue.as_role("supervisor").get("/queue/agreement")
    assert "a.officer and a.reviewer" in agreed.text and "the zip is wrong" in agreed.text
    assert officer.get("/queue/second").status_code == 403


def test_a_search_is_saved_shared_and_forgotten(queue: Served) -> None:
    officer, analyst = queue.as_role("officer"), queue.as_role("analyst")
    officer.post("/queue/save", {"name": "What is put off", "query": "waits=skipped&level=priority", "shared": "true"}, on="/queue")
    assert "/queue?level=priority&amp;waits=skipped" in analyst.get("/queue").text and "shared by a.officer" in analyst.get("/queue").text
    assert analyst.post("/queue/forget", {"search": 1}, on="/queue").status_code == 400
    assert "no longer saved" in officer.post("/queue/forget", {"search": 1}, on="/queue").text


FORMS = (
    "/queue/judge",
    "/queue/undo",
    "/queue/many",
    "/queue/take",
    "/queue/card/1/assign",
    "/queue/card/1/skip",
    "/queue/card/1/note",
    "/queue/cleared",
)


def test_who_may_look_and_not_judge_sees_no_form_and_is_refused(desk: Served) -> None:
    analyst, partner = desk.as_role("analyst"), desk.as_role("partner")
    page = analyst.get("/queue").text
    assert 'action="/queue/judge"' not in page and "queue.js" not in page and "data-card" in page
    assert partner.get("/queue").status_code == partner.get("/queue/card/1").status_code == 403
    data = {"card": "1.0.", "verdict": "no", "listing": 1, "kind": "seller"}
    for path in FORMS:
        if not path.endswith("note"):
            assert analyst.post(path, data).status_code == 403, path
        assert partner.post(path, data).status_code == 403, path
        assert desk.as_role("officer").client.post(path, data=data).status_code == 403, "without the form's token"


def test_what_the_score_does_not_queue_tells_no_score_before_it_is_judged(queue: Served) -> None:
    officer = queue.as_role("officer")
    with queue.store.acting("a.officer", purpose="test") as reader:
        low = next(s.listing.id or 0 for s in reader.summaries() if s.level == "note")
    path = f"/queue/card/{low}"
    page = officer.get(path).text
    assert "second look" in page and "points</span>" not in page
    together = officer.post("/queue/many", {"card": [f"{low}.0."]}, on="/queue").text
    assert "second look" in together and "points</span>" not in together
    officer.post("/queue/judge", {"card": cards_on(page)[low], "verdict": "no"}, on="/queue")
    assert "points</span>" in officer.get(path).text


def test_the_queue_is_seen_by_level(desk: Served) -> None:
    officer = desk.as_role("officer")
    every, urgent, lesser = (officer.get(f"/queue?most=200{more}").text for more in ("", "&level=priority", "&level=review"))
    assert set(cards_on(urgent)) | set(cards_on(lesser)) <= set(cards_on(every)) and not set(cards_on(urgent)) & set(cards_on(lesser))
    assert cards_on(urgent) and "govuk-tag--orange" not in urgent and officer.get("/queue?level=all").status_code == 422


def test_the_queue_is_filtered_by_words_source_brand_seller_and_price(desk: Served) -> None:
    officer = desk.as_role("officer")

    def shows(**asked: str) -> set[int]:
        page = officer.get("/queue", params={"most": "200", **asked})
        assert page.status_code == 200, page.text
        return set(cards_on(page.text))

    with desk.store.acting("a.officer", purpose="test") as reader:
        every = {s.listing.id or 0: s for s in reader.summaries() if s.level in ("priority", "review")}
    seller = str(next(s.seller for s in every.values() if s.seller))
    assert shows(seller=seller) == {n for n, s in every.items() if str(s.seller) == seller}
    assert shows(source="demo_shop") == {n for n, s in every.items() if s.listing.source == "demo_shop"}
    cheap = {
        n
        for n, s in every.items()
        if s.snapshot.currency == "GBP" and s.snapshot.price_minor is not None and s.snapshot.price_minor <= 4000
    }
    assert shows(high="40") == cheap and cheap
    title = next(s.snapshot.title for s in every.values()).split()[0]
    assert shows(words=title) and shows(words="no such word at all") == set()
    assert shows(since="1/1/2099") == set() and shows(waits="skipped", words=title) == set()
    for wrong in ({"since": "whenever"}, {"low": "cheap"}, {"seller": "x"}):
        assert officer.get("/queue", params=wrong).status_code in (400, 422), wrong
    page = officer.post("/queue/save", {"name": "Cheap", "query": "waits=free&high=40"}, on="/queue")
    assert "high=40" in str(page.url) and set(cards_on(page.text)) <= cheap


def test_each_look_at_the_queue_is_in_the_log_with_the_person(queue: Served) -> None:
    before = queue.store.log_head()[0]
    queue.as_role("officer").get("/queue")
    looks = [e.body for e in queue.store.log(after=before) if e.body["verb"] == "consultation" and e.body["purpose"] == "queue"]
    assert [(e["actor"], e["purpose"]) for e in looks] == [("a.officer", "queue")] and looks[0]["subjects"]["listing"]


def test_a_script_gets_what_was_said_or_why_not_as_json(queue: Served) -> None:
    officer = queue.as_role("officer")
    listing, token = next(iter(cards_on(officer.get("/queue").text).items()))
    wants = {"X-Desk-Wants": "json"}
    good = officer.post("/queue/judge", {"card": token, "verdict": "no"}, on="/queue", headers=wants)
    assert good.json() == {"said": "Judged no: nothing points to a copy.", "listing": listing, "verdict": "no"}
    queue.as_role("supervisor").post("/queue/judge", {"card": token.replace(".0.", ".99999."), "verdict": "yes"}, on="/queue")
    bad = officer.post("/queue/judge", {"card": token, "verdict": "yes"}, on="/queue", headers=wants)
    assert bad.status_code == 409 and "a.supervisor judged" in bad.json()["error"]
    assert str(Verdict.undone) == officer.post("/queue/undo", {"listing": listing}, on="/queue", headers=wants).json()["verdict"]


def test_no_page_of_another_takes_a_form_back_to_elsewhere(queue: Served) -> None:
    officer: Browser = queue.as_role("officer")
    token = next(iter(cards_on(officer.get("/queue").text).values()))
    after = officer.post("/queue/judge", {"card": token, "verdict": "no", "back": "//elsewhere.example/"}, on="/queue")
    assert after.url.host == "127.0.0.1" and after.url.path == "/"
