"""The queue in a real browser: one key and a reason, undo, many together, and all of it without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from store.words.records import SubjectKind
from tests.casework.desk.browser import chromium, looked_at
from tests.casework.desk.conftest import Served


def verdicts(served: Served) -> list[tuple[str, str]]:
    """(verdict, code) of every judgement of a listing, in order."""
    with served.store.acting("system", purpose="test") as reader:
        rows = reader.judgements([(SubjectKind.listing, s.listing.id or 0) for s in reader.summaries()])
    return [(str(j.verdict), j.code) for j in rows]


def here(page: Page) -> str:
    return page.locator(".queue-card--here").get_attribute("id") or ""


def test_cards_are_judged_by_two_keys_each_and_undone_by_one(own_desk: Served) -> None:
    with chromium(own_desk, "officer") as page:
        page.goto(f"{own_desk.url}/queue")
        cards = [card.get_attribute("id") for card in page.locator("[data-card]").all()]
        assert here(page) == cards[0]
        page.keyboard.press("y")
        expect(page.locator(f"#{cards[0]} [data-pending]")).to_contain_text("1 the mark or its making is wrong")
        page.keyboard.press("2")
        expect(page.locator(f"#{cards[0]} [data-said]")).to_contain_text("Judged yes: the advert says that it is a copy.")
        assert here(page) == cards[1]
        page.keyboard.type("nn")
        expect(page.locator(f"#{cards[1]} [data-said]")).to_contain_text("Judged no: nothing points to a copy.")
        page.keyboard.type("m2")
        expect(page.locator(f"#{cards[2]} [data-said]")).to_contain_text("Judged unsure: the brand's examiner must say.")
        assert verdicts(own_desk) and sorted(verdicts(own_desk)) == [("no", "genuine"), ("unsure", "examiner"), ("yes", "said")]
        page.keyboard.press("u")
        expect(page.locator(f"#{cards[2]}")).not_to_have_class("queue-card queue-card--done")
        assert here(page) == cards[2]
        page.keyboard.type("y3")
        expect(page.locator(f"#{cards[2]} [data-said]")).to_contain_text("Judged yes: far below")
        assert sorted(verdicts(own_desk)) == [("no", "genuine"), ("undone", ""), ("unsure", "examiner"), ("yes", "price"), ("yes", "said")]


def test_a_whole_page_is_judged_with_two_keys_a_card(own_desk: Served) -> None:
    with chromium(own_desk, "officer") as page:
        page.goto(f"{own_desk.url}/queue")
        number = page.locator("[data-card]").count()
        assert number == 20
        for each in range(number):
            page.keyboard.type("yy" if each % 2 else "n1")
        expect(page.locator(".queue-card--done")).to_have_count(number)
        assert len(verdicts(own_desk)) == number
        page.reload()
        assert page.locator("[data-card]").count() >= 1, "what waits next"


def test_a_reason_that_wants_words_gets_them_and_enter_alone_never_judges(own_desk: Served) -> None:
    with chromium(own_desk, "officer") as page:
        page.goto(f"{own_desk.url}/queue")
        card = here(page)
        page.locator(f"#{card} .queue-note").focus()
        page.keyboard.type("yes")
        page.keyboard.press("Enter")
        assert verdicts(own_desk) == [] and page.locator(".queue-card--done").count() == 0
        page.fill(f"#{card} .queue-note", "")
        page.keyboard.press("Escape")
        page.keyboard.type("y9")
        assert page.evaluate("document.activeElement.id") == f"note-{card.removeprefix('card-')}"
        page.keyboard.type("the zip is wrong")
        page.keyboard.press("Enter")
        expect(page.locator(f"#{card} [data-said]")).to_contain_text("another reason: the zip is wrong")
        assert verdicts(own_desk) == [("yes", "other_yes")]


def test_what_a_colleague_judged_meanwhile_is_said_on_the_card_and_stays_there(own_desk: Served) -> None:
    with chromium(own_desk, "officer") as page:
        page.goto(f"{own_desk.url}/queue")
        card = here(page)
        number = int(card.removeprefix("card-"))
        with own_desk.store.acting("a.supervisor", purpose="test") as reader:
            flag = reader.flag(number)
        assert flag
        from store.words.records import Verdict

        own_desk.store.judge(
            SubjectKind.listing, number, Verdict.yes, actor="a.supervisor", authority=own_desk.home.settings.authority.code, reason="seen",
            findings_digest=flag.findings_digest,
        )  # fmt: skip
        page.keyboard.type("nn")
        expect(page.locator(f"#{card} [data-error]")).to_contain_text("a.supervisor judged listing")
        assert here(page) == card and len(verdicts(own_desk)) == 1


def test_keys_move_choose_show_help_and_can_be_turned_off(own_desk: Served) -> None:
    with chromium(own_desk, "officer") as page:
        page.goto(f"{own_desk.url}/queue")
        cards = [card.get_attribute("id") for card in page.locator("[data-card]").all()]
        page.keyboard.type("jj")
        assert here(page) == cards[2]
        page.keyboard.type("kx")
        assert here(page) == cards[1] and page.locator(f"#{cards[1]} input[type=checkbox]").is_checked()
        page.keyboard.press("?")
        assert page.locator("#keys").get_attribute("open") is not None
        page.keyboard.press("y")
        page.keyboard.press("Escape")
        assert page.locator("[data-pending]:visible").count() == 0
        page.click("#keys-off")
        page.locator(f"#{cards[1]}").focus()
        page.keyboard.type("nn")
        assert verdicts(own_desk) == []
        page.click("#keys-off")
        page.keyboard.type("s")
        assert verdicts(own_desk) == []


def test_the_second_person_has_the_same_keys(own_desk: Served) -> None:
    own_desk.home.path("configs/judging.yml").write_text(own_desk.home.file("judging.yml").read_text().replace("second_share: 0.1", "second_share: 1"))  # fmt: skip
    with chromium(own_desk, "officer") as page:
        page.goto(f"{own_desk.url}/queue")
        page.keyboard.type("yyyyyy")
        expect(page.locator(".queue-card--done")).to_have_count(3)
    with chromium(own_desk, "reviewer") as page:
        page.goto(f"{own_desk.url}/queue/second")
        cards = [card.get_attribute("id") for card in page.locator("[data-card]").all()]
        assert len(cards) == 3 and here(page) == cards[0] and "a.officer" not in page.locator("main").inner_text()
        looked_at(page, "queue-second-keys")
        page.keyboard.type("nn")
        expect(page.locator(f"#{cards[0]} [data-said]")).to_contain_text("You said no. a.officer had said yes:")
        assert here(page) == cards[1]
        page.keyboard.type("jy2")
        expect(page.locator(f"#{cards[2]} [data-said]")).to_contain_text("You said yes. a.officer had said yes:")
        page.keyboard.press("u")
        expect(page.locator("#queue-said")).to_have_text("Taken back: it waits again.")
        page.keyboard.type("yy")
        expect(page.locator(f"#{cards[2]} [data-error]")).to_contain_text("a.reviewer judged listing")


def test_judging_and_taking_back_work_without_scripts(own_desk: Served) -> None:
    with chromium(own_desk, "officer", scripts=False) as page:
        page.goto(f"{own_desk.url}/queue")
        first = page.locator("[data-card]").first
        number = first.get_attribute("id")
        first.locator(".queue-note").fill("yes")
        first.locator(".queue-note").press("Enter")
        assert verdicts(own_desk) == [], "Enter in a field presses no verdict"
        first.locator("select").select_option("unbranded")
        first.locator(".queue-note").fill("a plain belt")
        first.get_by_role("button", name="No").click()
        assert page.locator(".moj-alert").inner_text().startswith("Judged no: no mark is used: a plain belt.")
        assert page.locator(f"#{number}").count() == 0 and verdicts(own_desk) == [("no", "unbranded")]
        page.get_by_text("What you judged last").click()
        page.get_by_role("button", name="Undo").first.click()
        assert page.locator(f"#{number}").count() == 1 and verdicts(own_desk)[-1] == ("undone", "")
        for box in page.locator("[data-card] input[type=checkbox]").all()[:2]:
            box.check()
        page.get_by_role("button", name="Judge the chosen together").click()
        assert page.locator("h1").inner_text() == "Judge 2 cards together"
        page.get_by_role("button", name="No").click()
        assert len(verdicts(own_desk)) == 4


@pytest.mark.parametrize(
    "path", ["/queue", "/queue?waits=skipped", "/queue/card/1", "/queue/cleared", "/queue/second", "/queue/agreement", "/notes"]
)
def test_pages_of_the_queue_hold_to_axe_and_to_their_width(desk: Served, path: str) -> None:
    with chromium(desk, "supervisor") as page:
        page.goto(desk.url + path)
        for each in page.locator("details").all():
            each.evaluate("element => element.open = true")
        looked_at(page, path.strip("/").replace("/", "-").replace("?", "-"))


def test_the_page_of_many_holds_to_axe(desk: Served) -> None:
    with chromium(desk, "officer") as page:
        page.goto(f"{desk.url}/queue")
        for box in page.locator("[data-card] input[type=checkbox]").all()[:3]:
            box.check()
        with page.expect_navigation():
            page.get_by_role("button", name="Judge the chosen together").click()
        looked_at(page, "queue-many")
