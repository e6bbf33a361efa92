"""The first hour of an officer whom nobody taught, as a story in a real browser: from the door to a pack that anybody can check.

One address is typed, the desk's own. All else is found by what the pages say: links, labels, buttons. TOUCHSTONE_SHOTS keeps each page as it was seen.
"""

from __future__ import annotations

import base64
import io
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from PIL import Image as Pillow
from playwright.sync_api import Locator, Page, expect

from store.rules import read_rules
from store.words.records import SubjectKind
from tests.casework.desk.browser import DESK, PATIENCE, PHONE, chromium, held, visitor
from tests.casework.desk.conftest import PASSWORD, Served, posted_elsewhere, touchstone
from tests.market import facts

CARDS, KEYS = 50, 2  # to judge by keyboard, and the most keys that each may take
TAPPED = 6  # cards that are judged by a finger
PHOTO = "quilted_red"  # a bag that Velvet Arcade and Bags by Thea both show; nothing else says that they have to do with each other
# Waits for every picture of a page, also for those that are fetched when they are scrolled to; the addresses of those that did not come
PICTURES = """async () => {
  const all = [...document.images];
  all.forEach((each) => { each.loading = "eager"; });
  await Promise.all(all.map((each) => each.complete || new Promise((done) => { each.onload = each.onerror = done; })));
  return all.filter((each) => !each.naturalWidth).map((each) => each.src);
}"""


@dataclass
class Hour:
    """The officer's page, and the pages that were looked at so far."""

    served: Served
    page: Page
    width: str
    pages: int = 0

    def see(self, heading: str, name: str) -> None:
        """The page has this heading, all its pictures are there, it holds to axe and to its width, and is kept as a picture itself."""
        expect(self.page.locator("h1")).to_have_text(heading)
        self.pages += 1
        broken = self.page.evaluate(PICTURES)
        assert not broken, f"{name}: {broken}"
        held(self.page, f"{self.width}-{self.pages:02}-{name}")

    def press(self, target: Locator) -> None:
        """Click it, or touch it where there is a finger and no mouse."""
        if self.width == "phone":
            target.tap()
        else:
            target.click()

    def to(self, name: str) -> None:
        """By the links at the top, which a phone folds away."""
        links = self.page.get_by_role("navigation", name="Pages", exact=True)
        if self.width == "phone":
            links.get_by_role("button", name="Pages").tap()
        self.press(links.get_by_role("link", name=name, exact=True))

    def go(self, name: str, within: Locator | None = None) -> None:
        """By the link or the button that says so."""
        part = within or self.page.get_by_role("main")
        self.press(part.get_by_role("link", name=name).or_(part.get_by_role("button", name=name)).first)

    def told(self, words: str) -> None:
        expect(self.page.locator(".moj-alert")).to_contain_text(words)


@pytest.fixture
def town(own_desk: Served) -> Served:
    """A desk where an export needs two persons."""
    rules = yaml.safe_load(own_desk.home.file("data.yml").read_text())
    rules["two_persons"]["acts"].append("export")
    (own_desk.home.folder / "configs" / "data.yml").write_text(yaml.safe_dump(rules))
    own_desk.store.rules = read_rules(own_desk.home.file("data.yml"))
    return own_desk


def test_an_officer_goes_from_the_door_to_a_checked_pack_in_a_first_hour_at_a_desk(town: Served, tmp_path: Path) -> None:
    with posted_elsewhere(town.home.folder, "classifieds") as sources:  # the market alone has some thirty cards to judge
        touchstone(town.home.folder, "scan", *sources)
    with chromium(town, size=DESK) as page:
        a_first_hour(opened(town, page, "desk"), judges_by_keyboard, tmp_path)


def test_an_officer_does_the_same_on_a_phone(town: Served, tmp_path: Path) -> None:
    with chromium(town, size=PHONE, touch=True) as page:
        a_first_hour(opened(town, page, "phone"), judges_by_finger, tmp_path)


def a_first_hour(hour: Hour, judges: Callable[[Hour], None], folder: Path) -> None:
    signs_in_and_sees_today(hour)
    judges(hour)
    finds_other_names(hour, folder)
    confirms_where_it_leads(hour)
    case = builds_a_case(hour)
    hands_out_a_pack(hour, case, folder)


def opened(served: Served, page: Page, width: str) -> Hour:
    expect.set_options(timeout=PATIENCE)
    page.goto(served.url)
    return Hour(served, page, width)


# -- the door, and today -----------------------------------------------------------------------------------------------------
def signs_in_and_sees_today(hour: Hour) -> None:
    hour.see("Sign in", "sign-in")
    hour.page.get_by_label("Your name here").fill("a.officer")
    hour.page.get_by_label("Password").fill(PASSWORD)
    hour.go("Sign in")
    hour.see("Today", "today")
    urgent = hour.served.store.level_counts()
    expected = sum(counts.get("priority", 0) for counts in urgent.values())
    tile = hour.page.get_by_role("listitem").filter(has_text="priority")
    assert expected > 0 and f"{expected} in all" in re.sub(r"\s+", " ", tile.inner_text()), tile.inner_text()


# -- the queue ---------------------------------------------------------------------------------------------------------------
def said_of(served: Served) -> dict[tuple[str, str], str]:
    """What was judged of each (source, reference)."""
    with served.store.acting("system", purpose="test") as reader:
        found = {s.listing.id or 0: (s.listing.source, s.listing.ref) for s in reader.summaries(limit=1000)}
        rows = reader.judgements([(SubjectKind.listing, number) for number in found])
    return {found[j.subject]: str(j.verdict) for j in rows}


def truth_of(card: Locator) -> tuple[tuple[str, str], bool]:
    """(source, reference) of a card, and whether its goods are in truth what they seem not to be."""
    written = re.search(r"· (\w+_(shop|classifieds|wall)) ([\w-]+) ·", card.locator(".queue-meta").inner_text())
    assert written, card.inner_text()
    source, site, ref = written.groups()
    [label] = [each.label for each in facts().listings if (each.source, each.ref) == (site, ref)]
    return (source, ref), label == "suspect"


def judges_by_keyboard(hour: Hour) -> None:
    """Nothing is touched but the keyboard: Tab to nothing, no mouse; two keys a card, and one more for the next page of cards."""
    page = hour.page
    hour.to("Queue")
    hour.see("Queue", "queue")
    expect(page.locator(".queue-card--here").get_by_role("img")).to_be_visible()
    said: dict[tuple[str, str], str] = {}
    keys: list[int] = []
    onwards = 0
    while len(said) < CARDS:
        here = page.locator(".queue-card--here")
        if not here.locator("[data-judge]").is_visible():
            expect(page.get_by_role("button", name="Show what waits next")).to_be_focused()
            if not onwards:
                hour.see("Queue", "queue-judged")
            with page.expect_navigation():
                page.keyboard.press("Enter")
            onwards += 1
            continue
        card = page.locator(f"#{here.get_attribute('id')}")
        advert, suspect = truth_of(card)
        pressed = ["y", "2" if len(said) % 2 else "y"] if suspect else ["n", "1"]
        page.keyboard.press(pressed[0])
        if not said:
            hour.see("Queue", "queue-asked")
        page.keyboard.press(pressed[1])
        expect(card.locator("[data-said]")).to_contain_text("Judged yes" if suspect else "Judged no")
        said[advert] = "yes" if suspect else "no"
        keys.append(len(pressed))
    assert len(keys) == CARDS and max(keys) <= KEYS, keys
    assert onwards <= CARDS // 10, "pages of cards between fifty"
    assert said_of(hour.served) == said and len(set(said.values())) == 2


def judges_by_finger(hour: Hour) -> None:
    hour.go("Go to the queue at priority")
    hour.see("Queue", "queue")
    expect(hour.page.locator(".queue-card--here").get_by_role("img")).to_be_visible()
    said: dict[tuple[str, str], str] = {}
    for card in hour.page.locator("[data-card]").all()[:TAPPED]:
        advert, suspect = truth_of(card)
        if len(said) == 1:
            card.get_by_label("In your words").fill("no till receipt, and the zip is wrong")
        card.get_by_role("button", name="Yes" if suspect else "No", exact=True).tap()
        expect(card.locator("[data-said]")).to_contain_text("Judged yes" if suspect else "Judged no")
        said[advert] = "yes" if suspect else "no"
    hour.see("Queue", "queue-judged")
    assert said_of(hour.served) == said and len(said) == TAPPED


# -- a photo -----------------------------------------------------------------------------------------------------------------
def photo(path: Path) -> Path:
    """What an officer photographs off a screen: a part of the picture, saved again."""
    [advert] = [each for each in facts().listings if each.pictures and each.pictures[0].name == PHOTO and each.seller == "velvet.arcade"]
    with Pillow.open(io.BytesIO(advert.pictures[0].jpeg)) as whole:
        whole.convert("RGB").crop((15, 15, whole.width - 20, whole.height - 15)).save(path, quality=75)
    return path


def dropped(page: Page, path: Path) -> None:
    """Drop a file onto the middle of the page, as a browser tells the page of it."""
    data = page.evaluate_handle(
        """([body, name]) => { const all = new DataTransfer(); const bytes = Uint8Array.from(atob(body), (each) => each.charCodeAt(0));
        all.items.add(new File([bytes], name, {type: "image/jpeg"})); return all; }""",
        [base64.b64encode(path.read_bytes()).decode(), path.name],
    )
    for what in ("dragenter", "dragover", "drop"):
        page.dispatch_event("main", what, {"dataTransfer": data})


def finds_other_names(hour: Hour, folder: Path) -> None:
    page = hour.page
    hour.to("Listings")
    hour.see("Listings", "listings")
    hour.go("Look for a photo's copies")
    hour.see("Look for a photo", "photo")
    taken = photo(folder / "IMG_0117.jpg")
    if hour.width == "phone":
        with page.expect_file_chooser() as chooser:
            page.get_by_label("Photo").tap()
        chooser.value.set_files(taken)
    else:
        dropped(page, taken)
    assert page.get_by_label("Photo").evaluate("field => field.files[0].name") == taken.name
    hour.go("Look for it")
    hour.see("What the photo is like", "photo-answer")
    drawn = page.get_by_role("img", name=re.compile("lines join the places that agree")).first
    copies = page.get_by_role("list").filter(has=drawn)
    for name in ("Velvet Arcade", "Bags by Thea"):
        assert copies.get_by_role("link", name=name).count() >= 1, f"{name} shows this picture"
    hour.go("Velvet Arcade", copies)
    hour.see("Velvet Arcade", "seller")
    hour.go("Its network: accounts that may be one operator's with it")
    page.locator("#graph canvas").first.wait_for()
    hour.see("Network of Velvet Arcade", "network")
    assert "Northern Lux Closet" in page.get_by_role("main").inner_text()
    page.go_back()
    other = page.get_by_role("heading", name=re.compile("Northern Lux Closet"))
    expect(other.first).to_contain_text("proposed")
    hour.go("Northern Lux Closet", other)
    hour.see("Northern Lux Closet", "seller-other")


# -- a place -----------------------------------------------------------------------------------------------------------------
def confirms_where_it_leads(hour: Hour) -> None:
    page = hour.page
    hour.go("Unit 2A, Wexcombe Parade")
    section = page.locator("[data-link]").filter(has=page.get_by_role("link", name="Northern Lux Closet")).first
    expect(section).to_contain_text("proposed")
    hour.see(page.locator("h1").inner_text(), "premises")
    number = int(section.get_attribute("data-link") or 0)
    hour.press(section.get_by_text("Yes, confirm"))
    section.get_by_label("Reason").fill("The advert names the unit and the phone counter, and the register has the same number.")
    hour.press(section.get_by_role("button", name="Keep this judgement"))
    hour.told(f"Link {number} is confirmed")
    expect(page.locator(f"[data-link='{number}']").get_by_text("confirmed", exact=True)).to_be_visible()
    hour.see(page.locator("h1").inner_text(), "premises-confirmed")
    with hour.served.store.acting("system", purpose="test") as reader:
        [link] = reader.links(numbers=[number])
    assert link.status == "confirmed"


# -- a case ------------------------------------------------------------------------------------------------------------------
def builds_a_case(hour: Hour) -> str:
    """From the page of the place, of a listing and of a link: no number is known by heart, none is typed."""
    page = hour.page
    hour.go("Put this premises into a case")
    hour.see("Put this into a case", "case-none")
    hour.go("Open a case for it")
    hour.see("Open a case", "case-new")
    page.get_by_label("What the case is about").fill("Handbags from the parade")
    hour.go("Open the case")
    hour.told("is open")
    hour.see("Add an exhibit", "case-add")
    expect(page.get_by_role("main")).to_contain_text("What registers and links say of premises")
    hour.go("Make it an exhibit")
    hour.told("Exhibit AO1")
    hour.see("Exhibits", "exhibits")
    case = re.search(r"TS-\d+-\d+", page.url)
    assert case
    hour.to("Listings")
    page.get_by_label("Words").fill("quilted handbag no brand")
    hour.go("Find")
    expect(page).to_have_url(re.compile("q=quilted"))  # what stood there before has that link, too
    hour.go("Lovely quilted handbag no brand")
    hour.see("Lovely quilted handbag no brand", "listing")
    hour.go("Put this listing into a case")
    hour.see("Put this into a case", "case-put")
    assert page.get_by_label("Case", exact=True).input_value() == case[0]
    hour.go("Make it an exhibit")
    hour.told("Exhibit AO2")
    hour.go("Overview")
    hour.see("Overview", "case")
    with hour.served.store.acting("system", purpose="test") as reader:
        assert [each.number for each in reader.exhibits(case[0])] == ["AO1", "AO2"]
    return case[0]


# -- a pack ------------------------------------------------------------------------------------------------------------------
def hands_out_a_pack(hour: Hour, case: str, folder: Path) -> None:
    page = hour.page
    hour.go("Evidence pack")
    hour.see("Evidence pack", "pack-none")
    hour.go("Ask for an export")
    hour.told("Another person approves it")
    hour.see("Evidence pack", "pack-asked")
    assert page.get_by_text("Make the evidence pack").count() == 0, "one person alone makes none"
    a_second_person_approves(hour)
    hour.go("Evidence pack")
    hour.go("Make the evidence pack")
    page.get_by_label("Why the pack is made").fill("file to legal services")
    hour.see("Make the evidence pack", "pack-why")
    hour.go("Make the pack")
    head = page.locator("#pack-head")
    head.wait_for(timeout=3 * PATIENCE)  # the server tells the page when it is over
    hour.see("Pack 1", "pack-made")
    with page.expect_download() as download:
        hour.go("Download the pack (ZIP)")
    quoted = head.inner_text()
    checks_it_without_the_desk(Path(download.value.path()), quoted, folder / "pack")
    page.get_by_label("Its head as it was written down").fill(quoted)
    hour.go("Check the pack")
    hour.told("The pack was checked: accepted.")
    hour.see("Pack 1", "pack-checked")
    expect(page.get_by_role("region", name="What the check found")).to_contain_text("it is the pack whose head was quoted")


def a_second_person_approves(hour: Hour) -> None:
    size = PHONE if hour.width == "phone" else DESK
    browser = hour.page.context.browser
    assert browser
    with visitor(browser, hour.served, "supervisor", size=size, touch=hour.width == "phone") as page:
        other = Hour(hour.served, page, hour.width, pages=hour.pages)
        other.see("Today", "second-today")
        other.go("1 request waits for your answer")
        other.see("Waiting for a second person", "second-waits")
        other.go("Approve")
        other.told("a.officer makes the pack")
        other.see("Waiting for a second person", "second-answered")
        hour.pages = other.pages


def checks_it_without_the_desk(pack: Path, head: str, folder: Path) -> None:
    """As whoever is handed the pack does: its own script, by a bare Python that knows nothing of this software."""
    with zipfile.ZipFile(pack) as archive:
        archive.extractall(folder)
    [script] = folder.rglob("verify.py")

    def run(quoted: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", str(script), str(script.parent), "--head", quoted]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True)

    good, wrong = run(head), run("0" * 64)
    assert good.returncode == 0 and "ACCEPTED" in good.stdout, good.stdout + good.stderr
    assert wrong.returncode == 1 and "REFUSED" in wrong.stdout, "a pack whose head was not quoted is refused"
