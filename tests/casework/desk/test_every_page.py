"""Every page of the desk is held to axe and to its width, at a desk's and at a phone's, over a store whose words are as bad as words can be (hostile.py).

The pages that this store cannot fill (test_attacks.py, LACKING) are held to the same in the browser tests of their own parts, as are forms with errors.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute

from casework.desk.settings import Role
from tests.casework.desk.browser import DESK, PHONE, chromium, held
from tests.casework.desk.conftest import Browser, Served
from tests.casework.desk.hostile import poisoned
from tests.casework.desk.test_attacks import LACKING, addresses, pages
from tests.casework.desk.test_roles import action_of

ROLES = [Role.supervisor, Role.administrator, Role.disclosure_officer]  # what an officer may see the supervisor may


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with poisoned(tmp_path_factory.mktemp("hostile") / "home") as served:
        yield served


def first_shown(desk: Served, browser: Browser, route: APIRoute) -> str | None:
    """The first address at which a page is there for this person; None where it is no page: a picture, a file, a redirect."""
    for path in addresses(desk, route):
        answer = browser.client.get(path, follow_redirects=False)
        if answer.status_code == 200 and answer.headers["content-type"].startswith("text/html"):
            return path
    return None


@pytest.mark.slow
@pytest.mark.parametrize("role", ROLES)
def test_every_page_holds_to_axe_and_to_its_width(desk: Served, role: Role) -> None:
    """A page is looked at once, by the first of these roles that may."""
    settings, earlier = desk.app.state.desk.settings, ROLES[: ROLES.index(role)]
    mine = [
        route
        for route in pages(desk)
        if route.path not in LACKING
        and not route.path.endswith("/replay")  # the document of a stranger, shown in a frame of a page of ours
        and ((action := action_of(route)) is None or settings.may(role, action))
        and not any(action is None or settings.may(other, action) for other in earlier)
    ]
    browser = desk.as_role(str(role))
    paths = {route.path: path for route in mine if (path := first_shown(desk, browser, route))}
    assert paths, f"the {role} has a page that no other of these has"
    wrong = []
    with chromium(desk, str(role)) as page:
        for name, path in paths.items():
            page.goto(desk.url + path)
            for label, (width, height) in (("desk", DESK), ("phone", PHONE)):
                page.set_viewport_size({"width": width, "height": height})
                try:
                    assert page.locator("main").count() == 1, f"{path} has no main part"
                    held(page, f"{role}{name.replace('/', '-')}-{label}")
                except AssertionError as error:
                    wrong.append(str(error))
    print(f"{role}: {len(paths)} pages of {len(mine)}")
    assert not wrong, "\n".join(wrong)
