"""The pass `detect`: run twice it changes nothing; a changed setting, a bad member, a dead worker touch only what is theirs."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import detectors
from casework import flags
from detectors import contract
from store.config import defaults_folder
from store.errors import TouchstoneError
from store.executors import PoolExecutor
from store.words.records import Examined, Outcome, Status, SubjectKind
from tests.builders import jpeg
from tests.detectors.conftest import Place

SNAPSHOT, PICTURE = SubjectKind.snapshot, SubjectKind.picture


def three_listings(place: Place) -> None:
    place.build.listing(
        "1", title="Gucci belt, mirror quality", text="1:1 replica", seller="a", price_minor=3000, currency="GBP", pictures=(jpeg(1),)
    )
    place.build.listing(
        "2",
        title="Chanel bag with receipt",
        text="Heel wear",
        seller="b",
        price_minor=90000,
        currency="GBP",
        pictures=(jpeg(1, quality=60),),
    )
    place.build.listing("3", title="Garden chair", seller="c", pictures=(jpeg(3), b""))


def change(place: Place, detector: str, key: str, value: object) -> None:
    settings = yaml.safe_load((defaults_folder() / "detectors.yml").read_text())
    settings[detector][key] = value
    folder = place.home.folder / "configs"
    folder.mkdir(exist_ok=True)
    (folder / "detectors.yml").write_text(yaml.safe_dump(settings))


def of_each() -> int:
    """What three listings with four pictures, none of them flagged before, come to: one examination by each detector that can run here."""
    able = [d for d in contract.discover().values() if not d.missing and "flagged" not in d.needs]
    return sum(4 if d.subject is SubjectKind.picture else 3 for d in able)


def test_every_pass_run_twice_changes_nothing_the_second_time(place: Place) -> None:
    three_listings(place)
    place.price("Gucci", "belt", 21000)
    first = place.detect()
    assert place.counted()["examinations"] == of_each()
    flags.run(place.store, place.home)
    place.detect()  # what looks only at what is flagged comes after the flags
    assert first.outcome is Outcome.good and first.counts["failed"] == 0
    before = place.counted()
    assert before["flags"] == 3
    again = place.detect()
    flagged = flags.run(place.store, place.home)
    assert place.counted() == before
    assert again.counts["examined"] == again.counts["findings"] == 0 and flagged.counts["flags"] == 0


def test_one_changed_setting_examines_again_with_that_detector_only(place: Place) -> None:
    three_listings(place)
    place.detect()
    before = {(name, outcome): n for name, outcome, n in place.store.examination_counts()}
    change(place, "many_brands", "at_least", 2)
    result = place.detect()
    after = {(name, outcome): n for name, outcome, n in place.store.examination_counts()}
    grown = {name for (name, outcome), n in after.items() if n != before.get((name, outcome))}
    assert grown == {"many_brands"}
    assert [s for _, m, s in place.store.methods("detector") if m.name == "many_brands"] == [Status.in_force, Status.evaluation]
    assert any("in evaluation beside method" in line for line in result.lines)


def test_a_method_in_evaluation_leaves_the_flags_alone_and_the_one_in_force_goes_on(place: Place) -> None:
    three_listings(place)
    place.detect()
    flags.run(place.store, place.home)
    change(place, "text_terms", "around", 38)
    place.build.listing("4", title="Prada bag replica", seller="d")
    place.detect()
    before = place.store.counts()["flags"]
    flags.run(place.store, place.home)
    assert place.store.counts()["flags"] == before + 1, "only the new listing is flagged, by the method in force"
    with place.store.acting("system", purpose="test") as reader:
        flag = reader.flag(4)
    assert flag and flag.level == "review" and not any("text_terms" in words for words in flag.not_examined)


def test_references_added_later_make_subjects_due_for_those_detectors_only(place: Place) -> None:
    three_listings(place)
    place.detect()
    place.price("Gucci", "belt", 21000)
    assert place.detect().counts["examined"] == 3
    [*_, newest] = place.examinations(SNAPSHOT, 1, "price_gap")
    assert newest.outcome is Examined.done
    assert [f.finding.reason for f in place.findings(SNAPSHOT, 1, "price_gap")] == ["price_well_below"]


@pytest.fixture
def added(tmp_path: Path) -> Iterator[Path]:
    """A folder whose files are detectors too, as if they lay in detectors/."""
    folder = tmp_path / "added"
    folder.mkdir()
    detectors.__path__.append(str(folder))
    yield folder
    detectors.__path__.remove(str(folder))
    for path in folder.glob("*.py"):
        sys.modules.pop(f"detectors.{path.stem}", None)


BRITTLE = '''
"""A detector of the tests: what it does is told by the title."""
from dataclasses import dataclass
from detectors.contract import done
from store.words.records import Finding, SubjectKind
VERSION = "1"
SUBJECT = SubjectKind.snapshot
NEEDS = frozenset()
@dataclass(frozen=True, slots=True)
class Settings:
    word: str = "odd"
def examine(batch, context):
    for one in batch:
        if one.title == "raise":
            raise RuntimeError("this one is bad")
        if one.title == "die":
            import os
            os._exit(9)
        if one.title != "silent":
            yield done(one.id, [Finding("odd_word", 1.0, "It is odd.")] if context.settings.word in one.title else [])
'''


def test_adding_a_detector_touches_one_file(place: Place, added: Path) -> None:
    (added / "brittle.py").write_text(BRITTLE)
    place.build.listing("1", title="an odd thing")
    assert place.detect(only=["brittle"]).counts["findings"] == 1
    [(number, status)] = [(n, s) for n, m, s in place.store.methods() if m.name == "brittle"]
    assert status is Status.evaluation, "what the project has not measured does not count by itself"
    place.store.set_method_status(number, Status.in_force, "system", "a test")
    flags.run(place.store, place.home)
    with place.store.acting("system", purpose="test") as reader:
        flag = reader.flag(1)
    assert flag and [c.reason for c in flag.contributions] == ["odd_word"] and flag.score == 10


def test_a_bad_member_of_a_batch_fails_alone_and_leaves_its_error(place: Place, added: Path) -> None:
    (added / "brittle.py").write_text(BRITTLE)
    for ref, title in enumerate(["odd", "raise", "plain", "silent"]):
        place.build.listing(str(ref), title=title)
    result = place.detect(only=["brittle"])
    assert result.counts["failed"] == 2 and "could not be examined" in result.message
    kept = [place.examinations(SNAPSHOT, n)[0] for n in (1, 2, 3, 4)]
    assert [e.outcome for e in kept] == [Examined.done, Examined.failed, Examined.done, Examined.failed]
    assert "RuntimeError: this one is bad" in kept[1].detail and "one thing of each" in kept[3].detail
    assert place.detect(only=["brittle"]).counts["examined"] == 0, "errors are not tried again until asked for"
    (added / "brittle.py").write_text(BRITTLE.replace('== "raise"', '== "never"'))
    sys.modules.pop("detectors.brittle")
    assert place.detect(only=["brittle"], retry_errors=True).counts["examined"] == 1
    assert [e.outcome for e in place.examinations(SNAPSHOT, 2)] == [Examined.failed, Examined.done]


def test_a_dead_worker_costs_only_the_listing_that_kills_it(place: Place, added: Path) -> None:
    (added / "brittle.py").write_text(BRITTLE)
    for ref, title in enumerate(["odd", "die", "plain"]):
        place.build.listing(str(ref), title=title)
    with PathPool(added) as pool:
        place.detect(only=["brittle"], executor=pool)
    outcomes = [place.examinations(SNAPSHOT, n)[0] for n in (1, 2, 3)]
    assert [e.outcome for e in outcomes] == [Examined.done, Examined.failed, Examined.done]
    assert "the worker did not come back" in outcomes[1].detail


class PathPool(PoolExecutor):
    """A pool whose workers know the added folder too."""

    def __init__(self, added: Path) -> None:
        self.added = str(added)
        super().__init__(1)

    def submit(self, fn, /, *args, **kwargs):  # type: ignore[no-untyped-def]
        return super().submit(_with_path, self.added, pickle.dumps((fn, args, kwargs)))


def _with_path(folder, call):  # type: ignore[no-untyped-def]
    if folder not in detectors.__path__:
        detectors.__path__.append(folder)
    fn, args, kwargs = pickle.loads(call)
    return fn(*args, **kwargs)


def test_a_pool_of_processes_finds_what_one_process_finds(new_place) -> None:  # type: ignore[no-untyped-def]
    here, there = new_place(), new_place()
    for place in (here, there):
        three_listings(place)
    here.detect()
    with PoolExecutor(2) as pool:
        there.detect(executor=pool)
    for number in (1, 2, 3):
        digests = [sorted(f.finding.digest for f in place.findings(SNAPSHOT, number)) for place in (here, there)]
        assert digests[0] == digests[1]
    assert here.counted() == there.counted()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (BRITTLE.replace('VERSION = "1"', ""), "it has no VERSION"),
        (BRITTLE.replace("NEEDS = frozenset()", 'NEEDS = frozenset({"the moon"})'), "needs the moon, which nothing gives"),
        (BRITTLE.replace("SubjectKind.snapshot", "SubjectKind.premises"), "its SUBJECT is none of"),
        (BRITTLE.partition("from dataclasses")[1] + BRITTLE.partition("from dataclasses")[2], "no docstring"),
        ("SUBJECT = (", "cannot be read"),
    ],
)
def test_a_file_that_is_no_detector_is_refused_by_name(place: Place, added: Path, text: str, problem: str) -> None:
    (added / "brittle.py").write_text(text)
    with pytest.raises(TouchstoneError, match=problem) as refused:
        place.detect()
    assert "detectors/brittle.py" in str(refused.value)


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("arround", 10, "unknown key 'arround'; did you mean 'around'"),
        ("around", "far", "expected a whole number, found 'far'"),
        ("hints", ["(["], "is not a regular expression"),
    ],
)
def test_bad_settings_are_refused_with_file_and_line(place: Place, key: str, value: object, problem: str) -> None:
    change(place, "text_terms", key, value)
    with pytest.raises(TouchstoneError, match=problem.replace("(", r"\(")) as refused:
        place.detect()
    assert "detectors.yml:" in str(refused.value)


def test_an_unknown_detector_is_refused_with_those_there_are(place: Place) -> None:
    with pytest.raises(TouchstoneError, match="there is no detector text_term; the detectors are"):
        place.detect(only=["text_term"])


def test_starting_the_pass_imports_no_heavy_library() -> None:
    code = textwrap.dedent("""
        import sys
        import detectors.run, casework.flags
        from detectors import contract
        contract.discover()
        heavy = {"torch", "transformers", "cv2", "faiss", "numpy", "PIL", "imagehash", "pdqhash", "onnxruntime", "scipy", "distributed"}
        print(sorted(heavy & set(sys.modules)))
    """)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ}, cwd=Path(__file__).parents[2])
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_the_pass_is_the_same_on_both_databases(store_url: str, tmp_path: Path) -> None:
    from store.config import Home
    from tests.builders import Builder
    from tests.conftest import new_store

    store = new_store(store_url, tmp_path)
    here = Place(Home(tmp_path), store, Builder(store))
    three_listings(here)
    here.price("Gucci", "belt", 21000)
    here.detect()
    assert here.counted() == {"examinations": of_each(), "findings": 10, "flags": 0}
    flags.run(store, here.home)
    here.detect()
    before = here.counted()
    here.detect()
    flags.run(store, here.home)
    assert here.counted() == before
    here.build.close()
    store.close()


@pytest.mark.parametrize(("kind", "expected"), [("seller", "2 listings of anna"), ("listing", "Gucci belt with 1 pictures")])
def test_sellers_and_listings_are_subjects_too(place: Place, added: Path, kind: str, expected: str) -> None:
    say = {
        "seller": 'f"{len(one.snapshots)} listings of {one.seller.handle}"',
        "listing": 'f"{one.snapshot.title} with {one.image_count} pictures"',
    }[kind]
    (added / "brittle.py").write_text(f'''"""A detector of the tests."""
from detectors.contract import done
from store.words.records import Finding, SubjectKind
VERSION = "1"
SUBJECT = SubjectKind.{kind}
def examine(batch, context):
    for one in batch:
        yield done(one.id, [Finding("said", 1.0, {say})])
''')
    place.build.listing("1", title="Gucci belt", seller="anna", pictures=(jpeg(1),))
    place.build.listing("2", title="Chair", seller="anna")
    place.detect(only=["brittle"])
    assert [f.finding.sentence for f in place.findings(SubjectKind(kind), 1)] == [expected]
    assert place.detect(only=["brittle"]).counts["examined"] == 0


def test_a_dask_cluster_finds_what_one_process_finds(new_place) -> None:  # type: ignore[no-untyped-def]
    distributed = pytest.importorskip("distributed", reason="the extra `cluster`")
    from store.executors import DaskExecutor

    here, there = new_place(), new_place()
    for place in (here, there):
        three_listings(place)
    here.detect()
    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None) as cluster,
        DaskExecutor(cluster.scheduler_address) as executor,
    ):
        there.detect(executor=executor)
    assert here.counted() == there.counted()


def test_an_executor_that_cannot_be_had_says_why() -> None:
    from store.executors import DaskExecutor

    pytest.importorskip("distributed", reason="the extra `cluster`")
    with pytest.raises(TouchstoneError, match=r"nothing answers at tcp://127\.0\.0\.1:1"):
        DaskExecutor("tcp://127.0.0.1:1")


def test_a_detector_whose_library_is_missing_says_so_and_the_others_run(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    from detectors import many_brands

    place.build.listing("1", title="Gucci belt", text="", price_minor=1500, currency="GBP", seller="a")
    monkeypatch.setattr(many_brands, "LIBRARIES", ("no-such-library",), raising=False)
    result = place.detect()
    assert any("NOT EXAMINED: many_brands cannot run: no-such-library is not installed" in line for line in result.lines)
    examined = {name for name, _, _ in place.store.examination_counts()}
    assert "many_brands" not in examined and {"text_terms", "price_gap", "seller_stock"} <= examined
