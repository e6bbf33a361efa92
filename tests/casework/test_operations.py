"""Operations as YAML: what is refused, with file and line; and working through one."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from casework import operations
from crawler.browser import MISSING, find_chromium
from store.config import ConfigError
from store.errors import TouchstoneError
from store.words.records import CaptureKind, Outcome, Purpose
from tests.crawler.conftest import ROOT, Crawling, Mini, crawling, home, mini, store  # noqa: F401  # fixtures
from tests.market.server import Response

SWEEP = "title: Bags\npurpose: market_sweep\nbrands: [Gucci]\nterms: [bag, belt]\narea: [Leeds]\nsources: [mini]\ncadence: {every: 1 day, at: '03:30', zone: Europe/London}\n"
WATCH = """title: Watch
purpose: subject_watch
sources: [mini]
subjects: ['URLseller/bagman']
authorisation:
  urn: DSA/2026/7
  authorising_officer: B. Lead
  approved_on: '2026-01-01'
  starts: '2026-01-01'
  expires: '2099-01-01'
  necessity: n
  proportionality: p
  collateral_intrusion: c
"""


def state(crawling: Crawling, text: str, name: str = "bags") -> Path:  # noqa: F811
    path = crawling.home.folder / "configs" / "operations" / f"{name}.yml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def test_what_a_file_states(mini: Mini, crawling: Crawling) -> None:  # noqa: F811
    mini.write(crawling.home)
    state(crawling, SWEEP)
    state(crawling, WATCH.replace("URL", mini.site.url), "watch")
    bags, watch = operations.find_operations(crawling.home)
    assert (bags.reference, bags.authority, bags.brands, bags.terms, bags.area) == ("bags", "demo", ("Gucci",), ("bag", "belt"), ("Leeds",))
    assert bags.cadence and bags.cadence.at == "03:30" and watch.authorisation and watch.purpose is Purpose.subject_watch
    for each in (bags, watch):
        assert crawling.store.operation(each.reference, crawling.store.keep_operation(each)) == each, "as it is recorded"


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("purpose: market_sweep", "purpose: market_swep", 2, "did you mean 'market_sweep'"),
        ("brands: [Gucci]", "brands: [Guci]", 3, "there is no 'Guci' in"),
        ("brands: [Gucci]", "brands: [gucci]", 3, "did you mean 'Gucci'"),
        ("sources: [mini]", "sources: [mimi]", 6, "did you mean 'mini'"),
        ("sources: [mini]", "sources: []", 2, "needs `sources:`"),
        ("brands: [Gucci]\nterms: [bag, belt]\n", "", 2, "needs `brands:` or `terms:`"),
        (
            "[bag, belt]",
            "[bag, 'https://stall.example/user/7']",
            4,
            "is a web address; a sweep is keyed by brand, term and area, never by a seller",
        ),
        ("[bag, belt]", "[bag, '@bagman']", 4, "is an account's handle"),
        ("[bag, belt]", "[bag, '07700 900123']", 4, "is somebody's phone"),
        ("area: [Leeds]", "area: ['b@stall.example']", 5, "is somebody's email"),
        ("area: [Leeds]", "subjects: ['https://stall.example/user/7']", 5, "never by a seller"),
        ("area: [Leeds]", "subject: x", 5, "unknown key 'subject'; did you mean 'subjects'"),
        ("every: 1 day,", "every: daily,", 7, "is no interval"),
        ("Europe/London", "Europe/Leeds", 7, "is no time zone"),
    ],
)
def test_sweeps_that_are_refused(mini: Mini, crawling: Crawling, old: str, new: str, line: int, says: str) -> None:  # noqa: F811
    mini.write(crawling.home)
    assert old in SWEEP
    path = state(crawling, SWEEP.replace(old, new))
    with pytest.raises(ConfigError) as caught:
        operations.run(crawling.store, crawling.home, "bags")
    assert str(caught.value).startswith(f"{path}:{line}: ") and says in str(caught.value)
    assert mini.site.requests == [] and crawling.store.runs("operation") == []


@pytest.mark.parametrize(
    "missing", ["urn", "authorising_officer", "approved_on", "starts", "expires", "necessity", "proportionality", "collateral_intrusion"]
)
def test_a_watch_needs_every_part_of_its_authorisation(mini: Mini, crawling: Crawling, missing: str) -> None:  # noqa: F811
    mini.write(crawling.home)
    rows = [row for row in WATCH.replace("URL", mini.site.url).splitlines() if not row.strip().startswith(f"{missing}:")]
    path = state(crawling, "\n".join(rows), "watch")
    with pytest.raises(ConfigError, match=f"missing key '{missing}'") as caught:
        operations.run(crawling.store, crawling.home, "watch")
    assert str(caught.value).startswith(f"{path}:6: ") and mini.site.requests == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (WATCH.split("authorisation:")[0], "needs `authorisation:`"),
        (WATCH.replace("subjects: ['URLseller/bagman']\n", ""), "needs `subjects:`"),
        (WATCH.replace("URL", "https://elsewhere.example/"), "is on none of its sources"),
        ("title: Buy\npurpose: test_purchase\n", "needs `purchase:`"),
        ("title: Buy\npurpose: test_purchase\npurchase: {authorised_by: '', on: '2026-01-01'}\n", "may not be empty"),
        ("title: Buy\npurpose: test_purchase\npurchase: {authorised_by: B. Lead, on: '2026-01-01'}\ncadence: {every: 1 day}\n", "has none"),
        ("title: One\npurpose: capture_once\nterms: [bag]\n", "has none"),
    ],
)
def test_others_that_are_refused(mini: Mini, crawling: Crawling, text: str, says: str) -> None:  # noqa: F811
    mini.write(crawling.home)
    state(crawling, text.replace("URL", mini.site.url))
    with pytest.raises(ConfigError, match=says):
        operations.find_operations(crawling.home)


def test_names_that_are_not_there(crawling: Crawling) -> None:  # noqa: F811
    state(crawling, "title: One\npurpose: capture_once\n", "oneoff")
    with pytest.raises(TouchstoneError, match=r"there is no operation 'onoff'.*did you mean 'oneoff'"):
        operations.find_operations(crawling.home, ["onoff"])
    with pytest.raises(TouchstoneError, match="no operation 'bags' is recorded"):
        crawling.store.operation("bags")


def test_a_term_that_is_a_known_accounts_name_is_refused_when_it_runs(mini: Mini, crawling: Crawling) -> None:  # noqa: F811
    from store.words.records import Parsed, Snapshot
    from tests.builders import Builder

    mini.write(crawling.home)
    builder = Builder(crawling.store, "mini")
    page = builder.capture(f"{mini.site.url}item/9", b"<p>x</p>")
    crawling.store.keep_readings(
        page, "hand", "hand/1", [Parsed("9", page.url_final, Snapshot(title="x", seller="bagman77", seller_name="Bag Man"))], builder.run.id
    )
    builder.close()
    for term in ("BagMan77", "bag man"):
        state(crawling, f"title: Bags\npurpose: market_sweep\nterms: [{term}]\nsources: [mini]\n")
        result = operations.run(crawling.store, crawling.home, "bags", examine=False)
        assert (
            result.outcome is Outcome.failed and f"'{term}' is an account that is known here" in result.message and mini.site.requests == []
        )
        assert crawling.store.runs("operation")[0].outcome is Outcome.failed


def test_the_command_crawls_and_examines(mini: Mini, crawling: Crawling) -> None:  # noqa: F811
    mini.write(crawling.home, more=f"search: '{mini.site.url}?q={{term}}'\n")
    state(crawling, SWEEP)
    command = [sys.executable, "-m", "casework.cli", "operation"]
    where = ["--json", "--home", str(crawling.home.folder)]
    done = subprocess.run([*command, "run", "bags", "--by", "a.officer", *where], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and json.loads(done.stdout)["counts"]["listings"] == 3, done.stderr
    assert sorted(r.path for r in mini.site.requests if "q=" in r.path) == ["/?q=Gucci+bag", "/?q=Gucci+belt"]
    passes = {run.pass_name: run for run in crawling.store.runs()}
    assert {"operation", "crawl", "flag", "link"} <= set(passes) and passes["operation"].actor == passes["crawl"].actor == "a.officer"
    [said] = json.loads(subprocess.run([*command, "list", *where], cwd=ROOT, capture_output=True, text=True).stdout)
    assert said["last_run"]["id"] == passes["operation"].id and said["refused"] == "" and said["operation"]["terms"] == ["bag", "belt"]


@pytest.mark.skipif(find_chromium() is None, reason=MISSING)
@pytest.mark.parametrize("text", [SWEEP, WATCH])
def test_what_it_flags_is_pictured_under_its_own_authority(mini: Mini, crawling: Crawling, text: str) -> None:  # noqa: F811
    mini.goods = {"1": ("Replica Gucci bag, mirror quality 1:1, best fake, AAA copy", "45.00", "/p/1.png")}
    mini.pages["/seller/bagman"] = Response(b"<a class=card href=/item/1>1</a>")
    mini.write(crawling.home, expect=1)
    state(crawling, text.replace("URL", mini.site.url))
    result = operations.run(crawling.store, crawling.home, "bags", actor="system")
    assert result.outcome is Outcome.good, result.lines
    [shot] = list(crawling.store.runs("screenshot"))
    assert (shot.operation, shot.counts["screenshots"]) == ("bags", 1) and len(crawling.captures(kinds=(CaptureKind.screenshot,))) == 1
    with crawling.store.acting("system", purpose="test") as reader:
        views = [each.count for each in reader.views(datetime.now(UTC) - timedelta(days=1))]
    assert views == ([1] if text is WATCH else []), "a listing's page is no further look at the subject's own"


def test_what_is_worked_on_by_capture_does_not_run(crawling: Crawling) -> None:  # noqa: F811
    state(crawling, "title: Buy\npurpose: test_purchase\npurchase: {authorised_by: B. Lead, on: '2026-01-01'}\n", "buy")
    [buy] = operations.find_operations(crawling.home)
    assert "`touchstone capture URL --operation buy`" in operations.why_not(crawling.store, buy, datetime.now(UTC))


def test_the_example_in_the_docs_is_one(mini: Mini, crawling: Crawling) -> None:  # noqa: F811
    """Each YAML block of docs/operations.md is read as it stands, its sources there under the names that it uses."""
    import re

    for name in ("market_north", "market_south"):
        mini.write(crawling.home, name=name, url="https://market.example/", start="https://market.example/")
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "operations.md").read_text(), re.S)
    assert len(blocks) >= 3
    for number, block in enumerate(blocks):
        state(crawling, block, f"example{number}")
    assert {each.purpose for each in operations.find_operations(crawling.home)} >= {
        Purpose.market_sweep,
        Purpose.subject_watch,
        Purpose.test_purchase,
    }
