"""Nothing is ever sent: outside crawler/ only the connections named in configuration are opened, and they carry no case content.

Held in three ways. By the source: no module outside crawler/ imports what can open a connection, but for the few named here with their reason. By
running the commands under an audit hook, which sees each connection and look-up that Python makes, also in processes that are started. And where
strace is there by the kernel's own word, which sees what libraries in C do as well.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from store.config import Home
from tests.casework.authority import Authority, asked, serving
from tests.casework.packs import CASE, build

ROOT = Path(__file__).resolve().parent.parent

# Modules that can open a connection. `asyncio`, `subprocess` and `multiprocessing` can too; they are left to the runs below.
CAN_SEND = {
    "socket", "socketserver", "ssl", "http.client", "http.server", "urllib.request", "urllib.robotparser", "urllib3", "requests", "httpx", "httpcore", "aiohttp",
    "smtplib", "imaplib", "poplib", "nntplib", "ftplib", "telnetlib", "xmlrpc", "webbrowser", "websockets", "websocket", "paramiko", "pycurl", "boto3",
    "botocore", "psycopg", "distributed", "dask", "scrapy", "twisted", "playwright", "selenium", "redis", "grpc", "sentry_sdk", "tldextract", "httpx2", "authlib",
}  # fmt: skip
MAY = {
    (
        "casework/stamps.py",
        "urllib.request",
    ): "the time-stamping authority that `time_stamping:` names; a digest and a random number go out",
    ("casework/stamps.py", "http.client"): "the errors of the same",
    (
        "casework/desk/identity.py",
        "httpx",
    ): "the identity provider that `identity_provider:` names; the client's name and secret, and the code that it gave, go out",
    ("store/executors.py", "distributed"): "the Dask scheduler that `dask_scheduler:` names, where `executor: dask` is set",
}


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports anywhere in it, by statement or by `importlib.import_module("…")` and `__import__("…")`."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("importlib.import_module", "import_module", "__import__"):
            yield node.args[0].value if isinstance(node.args[0], ast.Constant) else "a module that is named when it runs"


def can_send(name: str) -> str | None:
    parts = name.split(".")
    return next((".".join(parts[:n]) for n in range(1, len(parts) + 1) if ".".join(parts[:n]) in CAN_SEND), None)


def test_no_module_outside_the_crawler_imports_what_can_open_a_connection() -> None:
    rooms = [room for room in ("casework", "detectors", "premises", "store") if (ROOT / room).is_dir()]
    files = [path for room in rooms for path in sorted((ROOT / room).rglob("*.py"))]
    assert len(files) > 100
    found = {(path.relative_to(ROOT).as_posix(), what) for path in files for name in imported(path) if (what := can_send(name))}
    assert found - MAY.keys() == set(), "say in MAY why it may, or leave it to crawler/"
    assert MAY.keys() - found == set(), "these are no longer imported: take them out of MAY"


def test_the_walk_over_imports_sees_each_way_of_importing(tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    path.write_text("def f():\n  import urllib.request as u\n  from http import client\n  import importlib\n  importlib.import_module('smtplib')\n  from urllib.parse import quote\n")  # fmt: skip
    assert {what for name in imported(path) if (what := can_send(name))} == {"urllib.request", "http.client", "smtplib"}


# -- the commands, watched -----------------------------------------------------------------------------------------------------
WATCH = """
import json, os, sys
def seen(event, args):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = args[1] if isinstance(args[1], tuple) else str(args[1])
        said = [event, list(address) if isinstance(address, tuple) else address]
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "http.client.connect", "urllib.Request", "smtplib.connect", "ftplib.connect", "webbrowser.open", "os.system"):
        said = [event, [str(each) for each in args]]
    elif event == "subprocess.Popen":
        said = [event, str(args[0])]
    else:
        return
    line = json.dumps([os.getpid(), *said]) + "\\n"
    file = os.open(os.environ["SEEN"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(file, line.encode())
    os.close(file)
sys.addaudithook(seen)
"""

# One command after another in one process, as typer runs them; what each printed and how it ended.
DRIVE = """
import json, sys
from typer.testing import CliRunner
from casework.cli import app
for words in json.loads(sys.argv[1]):
    done = CliRunner().invoke(app, words)
    print(json.dumps([words[:2], done.exit_code, done.output[-2000:] + (repr(done.exception) if done.exception else "")]), flush=True)
"""

WHO = ["--by", "a.officer", "--why", "complaint 17"]
COMMANDS = [
    ["key", "new", "--by", "a.officer"], ["selftest"], ["detect"], ["flag"], ["link"], ["status"], ["queue", "list", *WHO], ["queue", "second", *WHO], ["queue", "agreement", *WHO], ["queue", "cleared", *WHO],
    ["queue", "take", "market", "1001", "--by", "a.officer"], ["queue", "who", "market", "1001", *WHO], ["note", "add", "seller", "1", "--text", "seen", "--by", "a.officer"],
    ["note", "list", *WHO], ["listing", "list", *WHO], ["listing", "find", "bag", *WHO], ["index", "rebuild", "--only", "listings"],
    ["listing", "show", "market", "1001", *WHO], ["listing", "history", "market", "1001", *WHO], ["premises", "rank", *WHO], ["premises", "show", "2", *WHO],
    ["reference", "list"], ["method", "list"], ["register", "list"], ["case", "show", CASE, *WHO], ["case", "export", CASE, "--out", "{home}/pack", *WHO],
    ["verify", "{home}/pack"], ["log", "sign", "--by", "a.officer"], ["log", "heads"], ["log", "show"], ["log", "verify"], ["schedule", "run", "--once"],
    ["schedule", "status"], ["draft", "statement", CASE, "--name", "Ada Officer (fictional)", "--out", "{home}/drafts", *WHO],
    ["draft", "exhibit-list", CASE, "--out", "{home}/drafts", *WHO], ["money", CASE, "--out", "{home}/money", *WHO], ["intel", "list", *WHO],
    ["refer", "case", CASE, "--to", "police", "--recipient", "Duty desk (fictional)", "--out", "{home}/refer", *WHO],
    ["disclosure", "list", CASE, *WHO], ["disclosure", "schedule", CASE, "--out", "{home}/schedules", *WHO],
    ["disclosure", "copy", CASE, "--recipient", "Defence (fictional)", "--out", "{home}/copy", *WHO],
    ["subject", "search", "--phone", "07700 900321", *WHO], ["transparency", "dpia", "--out", "{home}/transparency"],
    ["digest", "write", "--by", "a.officer"],
    ["account", "add", "b.officer", "--role", "officer", "--by", "a.officer"], ["account", "password", "b.officer", "--by", "a.officer"], ["account", "list"],
]  # fmt: skip


def drive(home: Path, tmp_path: Path, commands: list[list[str]], under: tuple[str, ...] = (), **environment: str) -> list[list[object]]:
    """Run the commands watched; what was seen of connections, look-ups and processes. Fails where a command did."""
    (tmp_path / "watch").mkdir(exist_ok=True)
    (tmp_path / "watch" / "sitecustomize.py").write_text(WATCH)
    seen = tmp_path / "seen.jsonl"
    seen.unlink(missing_ok=True)
    path = os.pathsep.join((str(tmp_path / "watch"), str(ROOT)))
    env = {**os.environ, "PYTHONPATH": path, "SEEN": str(seen), "TOUCHSTONE_HOME": str(home), "NO_COLOR": "1", **environment}
    words = json.dumps([[word.replace("{home}", str(home)) for word in each] for each in commands])
    done = subprocess.run([*under, sys.executable, "-c", DRIVE, words], env=env, cwd=home, capture_output=True, text=True, timeout=540)
    ended = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(ended) == len(commands), done.stderr[-3000:]
    assert all(code in (0, 1) and "Traceback" not in said for _, code, said in ended), [each for each in ended if each[1] not in (0, 1)]
    assert [each[0] for each in ended if each[1]] == [], [each for each in ended if each[1]]
    return [json.loads(line) for line in seen.read_text().splitlines()] if seen.exists() else []


@pytest.fixture
def home(tmp_path: Path) -> Home:
    world = build(tmp_path / "home")
    world.store.close()
    return world.home


def addresses(seen: list[list[object]]) -> set[tuple[str, int]]:
    """To whom connections were opened, or sent to without one."""
    return {
        (str(a[0]), int(a[1]))
        for _, event, a in seen
        if str(event).startswith("socket.") and isinstance(a, list) and event != "socket.getaddrinfo"
    }


def test_the_watch_sees_a_connection_a_look_up_and_what_a_child_does(tmp_path: Path) -> None:
    """That a clean record means something."""
    (tmp_path / "watch").mkdir()
    (tmp_path / "watch" / "sitecustomize.py").write_text(WATCH)
    with socket.create_server(("127.0.0.1", 0)) as there:
        port = there.getsockname()[1]
        act = f"import socket, subprocess, sys; socket.create_connection(('127.0.0.1', {port})); subprocess.run([sys.executable, '-c', 'import socket; socket.create_connection((\"127.0.0.1\", {port}))'])"  # fmt: skip
        env = {**os.environ, "PYTHONPATH": str(tmp_path / "watch"), "SEEN": str(tmp_path / "seen.jsonl")}
        subprocess.run([sys.executable, "-c", act], env=env, check=True)
    seen = [json.loads(line) for line in (tmp_path / "seen.jsonl").read_text().splitlines()]
    assert addresses(seen) == {("127.0.0.1", port)} and len({row[0] for row in seen if row[1] == "socket.connect"}) == 2
    assert any(row[1] == "socket.getaddrinfo" for row in seen) and any(row[1] == "subprocess.Popen" for row in seen)


def test_as_shipped_no_command_opens_a_connection_or_looks_a_name_up(home: Home, tmp_path: Path) -> None:
    seen = drive(home.folder, tmp_path, COMMANDS)
    assert [row for row in seen if row[1] != "subprocess.Popen"] == []
    # beside itself only what Python's ctypes asks where a library lies, and platform what machine this is
    looking = {"gcc", "cc", "ld", "ldconfig", "uname", "objdump", "sh"}
    assert {Path(str(row[2])).name for row in seen if row[1] == "subprocess.Popen"} <= {Path(sys.executable).name, *looking}


def test_the_desk_answers_and_asks_nobody(home: Home, tmp_path: Path) -> None:
    (tmp_path / "watch").mkdir()
    (tmp_path / "watch" / "sitecustomize.py").write_text(WATCH)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path / "watch"), str(ROOT))), "SEEN": str(tmp_path / "seen.jsonl")}
    command = [sys.executable, "-m", "casework.cli", "serve", "--port", "0", "--home", str(home.folder)]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as desk:
        assert desk.stdout
        said = next(line for line in desk.stdout if "The desk is at" in line)
        try:
            for path in ("sign-in", "", "assets/desk.css", "nothing"):
                assert httpx.get(said.split()[4] + path, follow_redirects=True).status_code in (200, 404)
        finally:
            desk.terminate()
            desk.wait(30)
    seen = (tmp_path / "seen.jsonl").read_text().splitlines() if (tmp_path / "seen.jsonl").exists() else []
    assert [line for line in map(json.loads, seen) if line[1] not in ("subprocess.Popen", "socket.getaddrinfo")] == []
    assert all("127.0.0.1" in str(line) for line in map(json.loads, seen) if line[1] == "socket.getaddrinfo"), (
        "its own address, to listen on"
    )


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is the authority")
def test_only_the_authority_and_the_time_server_of_the_settings_are_asked_and_the_bodies_hold_digests_alone(
    home: Home, tmp_path: Path
) -> None:
    silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)  # a time server that does not answer is asked all the same
    silent.bind(("127.0.0.1", 0))
    with serving(Authority(tmp_path / "tsa")) as authority, silent:
        path = home.file("touchstone.yml")
        clock = f"127.0.0.1:{silent.getsockname()[1]}"
        path.write_text(
            f"{path.read_text()}clock: {{server: '{clock}'}}\ntime_stamping: {{url: '{authority.url}', certificates: {authority.root}}}\n"
        )
        seen = drive(home.folder, tmp_path, [c for c in COMMANDS if c[0] in ("key", "case", "verify", "log", "schedule")])
        tsa = ("127.0.0.1", int(authority.url.rstrip("/").rpartition(":")[2]))
        assert addresses(seen) <= {tsa, silent.getsockname()[:2]} and tsa in addresses(seen)
        silent.setblocking(False)
        questions = []
        while True:
            try:
                questions.append(silent.recv(4096))
            except BlockingIOError:
                break
    digests = [asked(body) for body in authority.bodies]
    assert len(digests) >= 2 and all(name == "sha256" for name, _ in digests)
    heads = [json.loads(line)["statement"].encode() for line in _heads(home)]
    packed = [(home.folder / "pack" / "head.json").read_bytes()]
    known = {hashlib.sha256(data).digest() for data in [*heads, *packed]}
    assert {digest for _, digest in digests} <= known, "each is the digest of a pack's or the log's head, and of nothing else"
    for question in questions:  # SNTP: one octet that says version and mode, and a random number in the place of our time
        assert len(question) == 48 and question[0] == 0x23 and not any(question[1:40])


def _heads(home: Home) -> list[str]:
    from casework import heads
    from store.store import Store

    with Store.open(home) as store:
        return heads.lines(store)


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not there")
def test_by_the_kernels_word_only_the_database_of_the_settings_is_asked(tmp_path: Path, postgres: str) -> None:
    """On PostgreSQL, whose client is a library in C that no audit hook sees."""
    import psycopg
    from sqlalchemy.engine import make_url

    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute('CREATE DATABASE "nothing_sent"')
    url = make_url(postgres).set(drivername="postgresql+psycopg", database="nothing_sent")
    home = tmp_path / "home"
    (home / "configs").mkdir(parents=True)
    (home / "configs" / "touchstone.yml").write_text(
        "authority: {code: demo, name: Demonstration Council}\nuser_agent: touchstone-scanner (contact ts@example.org)\n"
    )
    trace = tmp_path / "trace"
    under = ("strace", "-f", "-qq", "-e", "trace=connect,sendto,sendmsg,sendmmsg", "-o", str(trace))
    words = [["key", "new", "--by", "a.officer"], ["flag"], ["link"], ["case", "new", "C-1", "--title", "x", "--by", "a.officer"], ["case", "show", "C-1", *WHO], ["log", "sign", "--by", "a.officer"], ["log", "verify"]]  # fmt: skip
    drive(home, tmp_path, words, under, TOUCHSTONE_STORE=url.render_as_string(hide_password=False))
    said = trace.read_text()
    reached = set(re.findall(r'sa_family=AF_INET6?, .*?(?:sin_addr=inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)")', said))
    ports = {int(port) for port in re.findall(r"sin6?_port=htons\((\d+)\)", said)}
    local = {
        path for path in re.findall(r'sa_family=AF_UNIX, sun_path="([^"]+)"', said) if path != "/var/run/nscd/socket"
    }  # libc asks who the user is
    folder = str(url.query.get("host", ""))
    if folder.startswith("/"):
        assert reached == set() and ports == set() and local and all(path.startswith(folder) for path in local), (reached, local)
    else:
        assert ports == {url.port} and {a or b for a, b in reached} <= {"127.0.0.1", "::1"}, (reached, ports)
        assert local == set()
