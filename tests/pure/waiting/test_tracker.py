"""Which jobs of a cluster are over, and which belong together."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mongorestore_async import ATLAS_CLOUD_BACKUP, OPS_MANAGER, ConfigError, load_job
from mongorestore_async.waiting.end_rules import WaitOutcome
from mongorestore_async.waiting.tracker import JobTracker

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


def job(job_id, status="IN_PROGRESS", batch=None, **members):
    return load_job(OPS_MANAGER, {"id": job_id, "statusName": status, "batchId": batch, **members})


def following(*jobs, until="finished", grace=30, patience=100, batches=True):
    made = JobTracker(until, grace=grace, patience=patience, batches=batches)
    for each in jobs:
        made.add(each.id, each, NOW)
    return made


def open_ids(made):
    return sorted(job_id for group in made.open_groups() for job_id in group.open_ids)


def test_single_jobs_do_not_end_each_other():
    made = following(job("a"), job("b"), job("c"))
    made.receive(job("a", "BROKEN"), NOW)
    made.receive(job("b", "FINISHED"), NOW)

    assert open_ids(made) == ["c"]
    assert made.jobs["a"].bad
    assert not made.jobs["b"].bad


def test_one_bad_member_ends_its_batch_and_no_other():
    made = following(job("a", batch="x"), job("b", batch="x"), job("c", batch="y"))
    made.receive(job("a", "KILLED", batch="x"), NOW)

    assert open_ids(made) == ["c"]


def test_a_batch_is_not_done_before_all_its_members_are_known():
    made = following(job("a", batch="x"))
    made.receive(job("a", "FINISHED", batch="x"), NOW)

    (group,) = made.open_groups(read=["a"])
    assert (group.batch_id, group.open_ids) == ("x", [])
    made.complete("x")
    assert made.open_groups() == []


def test_members_that_the_create_did_not_name_join():
    made = following(job("a", batch="x"))

    assert made.receive(job("b", batch="x"), NOW)
    assert not made.receive(job("z", batch="y"), NOW)
    assert not made.receive(job("lonely"), NOW)
    assert sorted(made.jobs) == ["a", "b"]


def test_without_a_batch_filter_the_known_members_are_all():
    made = following(job("a", "FINISHED", batch="x"), batches=False)

    assert made.open_groups() == []


def test_what_was_read_in_this_look_is_left_out():
    made = following(job("a"), job("b"))

    assert [group.open_ids for group in made.open_groups(read={"a"})] == [["b"]]


def test_what_is_over_stays_as_it_ended():
    made = following(job("a"))
    made.receive(job("a", "FINISHED"), NOW)

    assert not made.receive(job("a", "BROKEN"), NOW)
    assert made.jobs["a"].ending.outcome is WaitOutcome.DONE
    assert made.jobs["a"].job.state == "FINISHED"


def test_a_change_is_one_of_the_words():
    made = following(job("a"))

    assert not made.receive(job("a"), NOW)
    assert made.receive(job("a", delivery={"statusName": "IN_PROGRESS"}), NOW)
    assert not made.receive(job("a", delivery={"statusName": "in_progress"}, snapshotId="s"), NOW)


def unseen(*job_ids, until="finished"):
    made = JobTracker(until, grace=30, patience=100, batches=True)
    for each in job_ids:
        made.add(each, None, NOW)
    return made


def test_a_job_that_was_never_seen_has_its_grace():
    made = unseen("a")

    made.miss("a", 29, may_appear=True)
    assert open_ids(made) == ["a"]
    made.miss("a", 30, may_appear=True)
    assert open_ids(made) == []
    assert (made.jobs["a"].bad, made.jobs["a"].ending.words) == (True, "not found")


def test_there_is_no_grace_for_what_cannot_appear():
    made = unseen("a")

    made.miss("a", 0, may_appear=False)
    assert made.jobs["a"].bad


@pytest.mark.parametrize("may_appear", [True, False])
@pytest.mark.parametrize("read", [True, False], ids=["in a poll", "in the answer to its create"])
def test_a_job_that_was_there_is_lost_after_patience_and_looks(may_appear, read):
    made = following(job("a"))
    if read:
        made.receive(job("a"), NOW)

    for elapsed in (0, 90, 150):
        made.miss("a", elapsed, may_appear=may_appear)
    assert open_ids(made) == ["a"]  # long enough, too few looks
    made.receive(job("a"), NOW)  # starts anew
    for elapsed in (160, 170, 180, 190, 200, 259.9):
        made.miss("a", elapsed, may_appear=may_appear)
    assert open_ids(made) == ["a"]  # looks enough, not long enough
    made.miss("a", 260, may_appear=may_appear)

    assert open_ids(made) == []
    assert (made.jobs["a"].bad, made.jobs["a"].lost) == (False, True)
    assert made.jobs["a"].ending.words == "not found for 100 s, last seen as statusName IN_PROGRESS"


def lose(made, job_id):
    for elapsed in range(0, 125, 25):
        made.miss(job_id, elapsed, may_appear=True)
    made.miss(job_id, 100, may_appear=True)


@pytest.mark.parametrize(("status", "bad"), [("FINISHED", False), ("BROKEN", True), ("IN_PROGRESS", False)])
def test_a_lost_job_that_comes_back_is_followed_on(status, bad):
    made = following(job("a"))
    lose(made, "a")

    made.receive(job("a", status), NOW)

    assert (made.jobs["a"].lost, made.jobs["a"].bad) == (False, bad)
    assert open_ids(made) == (["a"] if status == "IN_PROGRESS" else [])


def test_a_lost_member_does_not_end_its_batch():
    made = following(job("a", batch="x"), job("b", batch="x"))
    lose(made, "a")
    made.complete("x")
    assert open_ids(made) == ["b"]

    made.receive(job("b", "FINISHED", batch="x"), NOW)
    assert made.open_groups() == []


def test_an_examples_placeholder_counts_for_the_requested_job():
    made = unseen("a")
    made.receive(job("{JOB-ID}", "FINISHED"), NOW, as_id="a")

    assert list(made.jobs) == ["a"]
    assert open_ids(made) == []


def test_a_group_keeps_its_key_from_poll_to_poll():
    assert [group.key for group in following(job("a"), job("b", batch="x"), job("c", batch="x")).groups()] == ["a", "x"]


def test_ids_are_the_same_in_either_case():
    made = following(job("AbC", batch="x"))

    assert made.receive(job("aBc", "FINISHED", batch="x"), NOW)
    assert [each.id for each in made.jobs.values()] == ["AbC"]
    assert [group.open_ids for group in following(job("AbC")).open_groups(read={"abc"})] == []


def test_reading_once_takes_any_state_and_no_batch():
    made = JobTracker(None, grace=0, patience=0, batches=True)
    made.add("a", None, NOW)
    made.add("b", job("b", "BROKEN", batch="x"), NOW)

    assert open_ids(made) == ["a", "b"]
    made.receive(job("a", "OPEN"), NOW)
    made.receive(job("b", "BROKEN", batch="x"), NOW)
    assert open_ids(made) == []
    assert not any(followed.bad for followed in made.jobs.values())


def test_what_will_never_come_is_refused_as_soon_as_it_shows():
    automated = load_job(ATLAS_CLOUD_BACKUP, {"id": "a", "deliveryType": "automated"})

    with pytest.raises(ConfigError, match="restores into a cluster"):
        JobTracker("downloadable", grace=0, patience=0, batches=False).add("a", automated, NOW)
    late = JobTracker("downloadable", grace=0, patience=0, batches=False)
    late.add("a", None, NOW)
    with pytest.raises(ConfigError, match="restores into a cluster"):
        late.receive(automated, NOW)


STATUSES = st.sampled_from(["IN_PROGRESS", "FINISHED", "BROKEN", "KILLED", "OPEN", None])
READS = st.lists(st.tuples(st.integers(0, 5), STATUSES), max_size=40)
BATCHES = st.lists(st.sampled_from([None, "x", "y"]), min_size=6, max_size=6)


@given(BATCHES, READS)
def test_the_end_follows_the_rules_in_any_order_of_reads(batches, reads):
    """Against a model without any bookkeeping: the first ending of each job counts."""
    made = following(*(job(str(number), batch=batch) for number, batch in enumerate(batches)))
    made.complete("x")
    made.complete("y")
    ends = {}
    for number, status in reads:
        made.receive(job(str(number), status, batch=batches[number]), NOW)
        if status in {"FINISHED", "BROKEN", "KILLED"}:
            ends.setdefault(number, status)

    def is_over(number):
        mates = [mate for mate in range(6) if mate == number or (batches[number] and batches[mate] == batches[number])]
        bad = any(ends.get(mate) in {"BROKEN", "KILLED"} for mate in mates)
        return bad or all(mate in ends for mate in mates)

    assert open_ids(made) == [str(n) for n in range(6) if n not in ends and not is_over(n)]
    assert {key for key, each in made.jobs.items() if each.bad} == {
        str(n) for n, status in ends.items() if status != "FINISHED"
    }


def test_the_worked_example_of_the_room():
    made = following(job("a", batch="7"))

    made.begin_poll()
    for each in (job("a", batch="7"), job("b", batch="7"), job("c", "FINISHED", batch="7")):
        made.receive(each, NOW)
    made.complete("7")
    assert open_ids(made) == ["a", "b"]

    made.begin_poll()
    made.receive(job("a", batch="7"), NOW)
    made.miss("b", 0, may_appear=True)
    assert open_ids(made) == ["a", "b"]

    made.begin_poll()
    made.receive(job("b", "FINISHED", batch="7"), NOW)
    made.receive(job("a", "BROKEN", batch="7"), NOW)
    assert made.open_groups() == []
    assert [each.id for each in made.jobs.values() if each.bad] == ["a"]
