"""A working folder after a whole scan of the demonstration market, made once for all test processes and copied for each test; and the desk over it."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import uvicorn
import yaml

from casework.desk import people
from casework.desk.app import DeskApp, create_app
from casework.desk.settings import Role
from store.config import Home
from store.store import Store
from tests.market import start_market

ROOT = Path(__file__).resolve().parents[3]
MATERIAL = ROOT / "tests" / "market"
PASSWORD = "lantern-orchard-thimble"


def touchstone(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "casework.cli", *arguments, "--home", str(folder)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, f"touchstone {' '.join(arguments)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def _scan(folder: Path) -> None:
    subprocess.run([sys.executable, "-m", "casework.cli", "init", str(folder)], cwd=ROOT, check=True, capture_output=True)
    sources = folder / "configs" / "sources"
    shutil.rmtree(sources)
    sources.mkdir()
    with start_market() as market:
        market.write_sources(sources)
        (sources / "demo_storefront.yml").unlink()  # it wants a browser, and shows the desk nothing that the others do not
        columns = {"name": "Name", "address": ["Line 1", "Line 2", "Town", "County"], "postcode": "Postcode", "phone": "Telephone"}
        units = {
            "kind": "csv",
            "title": "Wexcombe Parade units (invented)",
            "licence": "invented",
            "dated": "2026-01-31",
            "columns": columns,
        }
        (folder / "configs" / "registers" / "wexcombe_units.yml").write_text(yaml.safe_dump(units))
        references, prices = MATERIAL / "references/references.csv", MATERIAL / "references/prices.csv"
        touchstone(folder, "reference", "add", "--csv", str(references), "--prices", str(prices), "--by", "tester")
        touchstone(folder, "register", "load", "fhrs", str(MATERIAL / "registers/wexcombe_fhrs.xml"), "--by", "tester")
        touchstone(folder, "register", "load", "wexcombe_units", str(MATERIAL / "registers/wexcombe_units.csv"), "--by", "tester")
        touchstone(folder, "scan")


@pytest.fixture(scope="session")
def scanned(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder that the tests copy. Of several test processes the first makes it, and the others wait.

    TOUCHSTONE_TEST_MARKET names one made before (`python -m tests.casework.desk.conftest FOLDER`), for whoever works on the desk and runs these often.
    """
    if made := os.environ.get("TOUCHSTONE_TEST_MARKET"):
        return Path(made)
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    folder, done = shared / "desk-market", shared / "desk-market.done"
    with (shared / "desk-market.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            _scan(folder)
            done.touch()
    return folder


@contextmanager
def posted_elsewhere(folder: Path, *sites: str) -> Iterator[list[str]]:
    """The adverts of these sites of the market on other sites, which no scan has seen yet; their sources' names, while they answer."""
    sources = folder / "configs" / "sources"
    with start_market() as market:
        market.write_sources(sources / "more")
        kept = [(sources / "more" / f"demo_{site}.yml").rename(sources / f"other_{site}.yml") for site in sites]
        shutil.rmtree(sources / "more")
        yield [path.stem for path in kept]


def with_people(folder: Path, prefix: str = "a", authority: str = "") -> Home:
    """One account of each role, named by it (`a.officer` for officers), with the same password; of this folder's authority, or of another."""
    home = Home(folder)
    with Store.open(home) as store:
        for role in Role:
            name, of = f"{prefix}.{role}", authority or home.settings.authority.code
            people.open_account(store, name, f"{prefix.upper()}. {role} (fictional)", role, authority=of, by="system")
            people.set_password(store, name, PASSWORD, people_rules(home), temporary=False, by="system")
    return home


def people_rules(home: Home) -> people.SignInRules:
    from casework.desk.settings import read_desk

    return read_desk(home).sign_in


@pytest.fixture(scope="session")
def peopled(scanned: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("desk") / "home"
    shutil.copytree(scanned, folder)
    with_people(folder)
    return folder


@dataclass
class Served:
    """The desk being served over a copy of the market's folder that this test alone has."""

    home: Home
    app: DeskApp
    url: str

    @property
    def store(self) -> Store:
        store: Store = self.app.state.desk.store
        return store

    def browser(self) -> Browser:
        return Browser(httpx.Client(base_url=self.url, follow_redirects=True, timeout=120))

    def as_role(self, role: str, prefix: str = "a") -> Browser:
        browser = self.browser()
        came = browser.sign_in(f"{prefix}.{role}")
        assert came.status_code == 200, f"{prefix}.{role} did not get in: {came.status_code}"
        return browser


@dataclass
class Browser:
    """A browser without scripts: keeps cookies, follows redirects, and sends forms as their page has them."""

    client: httpx.Client

    def get(self, path: str, **given: object) -> httpx.Response:
        return self.client.get(path, **given)  # type: ignore[arg-type]

    def post(self, path: str, data: dict[str, object] | None = None, *, on: str = "", **given: object) -> httpx.Response:
        """Send a form to `path` with the token of the page `on` (by default the one of the password page)."""
        page = self.client.get(on or "/password")
        return self.client.post(path, data={"csrf": token_in(page.text), **(data or {})}, **given)  # type: ignore[arg-type]

    def sign_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        return self.post("/sign-in", {"name": name, "password": password}, on="/sign-in")


def token_in(page: str) -> str:
    import re

    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', page)
    assert found, "there is no form with a token on this page"
    return found[1]


@contextmanager
def running(home: Home) -> Iterator[Served]:
    """The desk over a working folder, served while the block lasts."""
    app = create_app(home)
    app.state.desk.pace.most = (
        10_000  # a file of tests signs in more often in a minute than one address may; test_door.py sees the limit fire
    )
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", server_header=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 30
    while not server.started and time.monotonic() < until:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Served(home, app, f"http://127.0.0.1:{port}")
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="module")
def serve(peopled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Served]]:
    """Serves the desk over a fresh copy of the market's folder; several times in a test for several desks."""
    with ExitStack() as desks:

        def start() -> Served:
            folder = tmp_path_factory.mktemp("desk") / "home"
            shutil.copytree(peopled, folder)
            return desks.enter_context(running(Home(folder)))

        yield start


@pytest.fixture(scope="module")
def desk(serve: Callable[[], Served]) -> Served:
    """One desk for all tests of a file that leave it as it was."""
    return serve()


@pytest.fixture
def own_desk(serve: Callable[[], Served]) -> Served:
    """A desk for a test that changes what others look at: accounts, limits, what is judged."""
    return serve()


if __name__ == "__main__":
    _scan(Path(sys.argv[1]))
