"""Where a walk goes next: each rule by itself, then against a simulated server whose list changes under the walk."""

from __future__ import annotations

import itertools
import math

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mongorestore_async.errors import PaginationError
from mongorestore_async.listing.paging import WINDOW, PageFacts, Walk
from mongorestore_async.listing.walk_memory import MOST_EARLIER, DeliveredIds

#: What the architecture page allows a walk over pages that only repeat each other.
MOST_REQUESTS_IN_A_LOOP = 20


def feed(walk, *pages):
    """Feed pages as (ids, total_count, has_next) and give the steps."""
    return [walk.receive(PageFacts(ids=ids, total_count=total, has_next=more)) for ids, total, more in pages]


def yielded(pages, steps):
    return [page[0][index] for page, step in zip(pages, steps, strict=True) for index in step.fresh]


def drive(walk, pages, most):
    """Feed pages until the walk ends; gives how many it took."""
    for requests, facts in enumerate(pages, start=1):
        assert requests <= most, "the walk does not end"
        if walk.receive(facts).next_number is None:
            return requests
    raise AssertionError("the pages ended before the walk did")


class TestGoingOn:
    def test_starts_with_the_first_page(self):
        assert Walk().number == 1

    @pytest.mark.parametrize(("total", "more"), [(None, False), (0, False), (-3, False)])
    def test_an_empty_page_ends_a_walk_that_lacks_nothing(self, total, more):
        (step,) = feed(Walk(), ([], total, more))
        assert step == ((), None, False)

    @pytest.mark.parametrize(("total", "more"), [(None, True), (0, True), (5, False), (5, True)])
    def test_an_empty_first_page_is_no_end_if_there_is_more(self, total, more):
        (step,) = feed(Walk(), ([], total, more))
        assert step == ((), 2, False)

    @pytest.mark.parametrize(("total", "more"), [(None, True), (2, True), (5, False), (5, True)])
    def test_an_empty_later_page_is_no_end_if_there_is_more(self, total, more):
        steps = feed(Walk(), (["a", "b"], total, True), ([], total, more), (["c"], total, more))
        assert [step.next_number for step in steps][:2] == [2, 3]
        assert steps[2].fresh == (0,)

    def test_an_empty_page_ends_a_walk_that_met_its_count(self):
        steps = feed(Walk(), (["a", "b"], 2, True), ([], 2, False))
        assert [step.next_number for step in steps] == [2, None]

    def test_the_count_of_an_earlier_page_holds_for_an_empty_one(self):
        steps = feed(Walk(), (["a", "b"], 5, True), ([], None, False), (["c", "d", "e"], None, False))
        assert [step.next_number for step in steps][:2] == [2, 3]

    def test_a_count_that_was_not_asked_for_does_not_outweigh(self):
        walk = Walk(trusts_count=False)
        steps = feed(walk, (["a", "b"], 5, False), ([], 5, False))
        assert [step.next_number for step in steps] == [2, None]

    @pytest.mark.parametrize("first", [(["a", "b"], 9, True), ([], 9, True), ([], None, True)])
    def test_empty_pages_are_an_error_within_twenty_requests(self, first):
        walk = Walk()
        feed(walk, first)
        with pytest.raises(PaginationError, match="were empty") as caught:
            drive(walk, itertools.repeat(PageFacts([], first[1], has_next=True)), most=MOST_REQUESTS_IN_A_LOOP - 1)
        assert caught.value.resume_at == (2 if first[0] else 1)

    def test_links_behind_all_that_is_counted_end_in_the_end(self):
        walk = Walk()
        feed(walk, (["a", "b"], 3, True), (["c"], 3, True))
        assert drive(walk, itertools.repeat(PageFacts([], 3, has_next=True)), most=MOST_REQUESTS_IN_A_LOOP) == WINDOW

    def test_new_items_in_front_are_not_missing(self):
        # x and y were created in front after page 2: the count is never met
        pages = [(["a", "b"], 4, False), (["a", "b"], 6, False), (["c", "d"], 6, False), ([], 6, False)]
        assert feed(Walk(), *pages)[-1].next_number is None

    def test_new_items_that_others_made_up_for_are_not_missing(self):
        # x was created, d deleted: [a b][c d] -> [x a][b c], and the first page was read before
        pages = [(["a", "b"], 4, False), (["b", "c"], 4, False), ([], 4, False)]
        assert feed(Walk(), *pages)[-1].next_number is None

    def test_an_uncounted_first_page_leaves_open_what_is_new(self):
        steps = feed(Walk(), (["a", "b"], None, False), (["c"], 5, False), ([], 5, False), ([], 4, False))
        assert [step.next_number for step in steps][:3] == [2, 3, 4]
        assert steps[-1].next_number is None or steps[-1].drifted

    def test_an_empty_page_in_the_middle_is_remembered(self):
        # c and d were on page 2, and are nowhere: a new walk finds them there
        walk = Walk()
        feed(walk, (["a", "b"], 6, True), ([], 6, True), (["e", "f"], 6, False))
        assert walk.resume_at == 2
        with pytest.raises(PaginationError, match="pages 4 to 21 were empty") as caught:
            drive(walk, itertools.repeat(PageFacts([], 6)), most=MOST_REQUESTS_IN_A_LOOP)
        assert caught.value.resume_at == 2

    def test_a_fall_moves_what_an_empty_page_lacked(self):
        walk = Walk()
        feed(walk, (["a", "b"], 9, True), (["c", "d"], 9, True), ([], 9, True), (["g", "h"], 6, True))
        assert walk.resume_at == 1

    def test_an_uncounted_empty_page_is_remembered_too(self):
        walk = Walk()
        feed(walk, (["a", "b"], None, True), ([], None, True), (["e", "f"], None, True))
        assert (walk.number, walk.resume_at, walk.received, walk.length) == (4, 2, 2, 2)

    def test_a_next_link_is_enough_to_go_on(self):
        (step,) = feed(Walk(), (["a"], 1, True))
        assert step.next_number == 2

    def test_an_unmet_count_is_enough_to_go_on(self):
        (step,) = feed(Walk(), (["a"], 2, False))
        assert step.next_number == 2

    def test_a_met_count_without_a_next_link_ends_the_walk(self):
        (step,) = feed(Walk(), (["a", "b"], 2, False))
        assert step.next_number is None

    def test_a_count_below_what_was_seen_ends_a_walk_with_links(self):
        steps = feed(Walk(), (["a", "b"], 3, True), (["c", "d"], 3, False))
        assert steps[-1].next_number is None

    def test_a_count_below_what_was_seen_is_none_without_links(self):
        pages = [(["a", "b"], 3, False), (["c", "d"], 3, False), (["e"], 3, False), ([], 3, False)]
        assert [step.next_number for step in feed(Walk(), *pages)] == [2, 3, 4, None]

    def test_a_count_below_what_was_seen_ends_it_after_deletions(self):
        # a, b, c were deleted once they were seen; the pages that others may have moved to are read again
        pages = [(["a", "b", "c"], 6, False), ([], 3, False), (["d", "e", "f"], 3, False)]
        steps = feed(Walk(), *pages)
        assert [step.next_number for step in steps] == [2, 1, None]

    def test_with_neither_signal_goes_on_until_an_empty_page(self):
        steps = feed(Walk(), (["a", "b"], None, False), (["c"], None, False), ([], None, False))
        assert [step.next_number for step in steps] == [2, 3, None]

    def test_a_short_page_is_no_end(self):
        steps = feed(Walk(), (["a", "b"], 5, False), (["c"], 5, False), (["d", "e"], 5, False))
        assert [step.next_number for step in steps] == [2, 3, None]

    def test_the_number_to_ask_for_is_that_of_the_last_step(self):
        walk = Walk()
        feed(walk, (["a"], 3, False), (["b"], 3, False))
        assert walk.number == 3

    def test_the_number_stays_at_the_last_page_when_the_walk_ended(self):
        walk = Walk()
        feed(walk, (["a"], 2, False), (["b"], 2, False))
        assert walk.number == 2

    def test_a_last_page_without_next_and_count_costs_one_request(self):
        steps = feed(Walk(), (["a"], None, True), (["b"], None, False), ([], None, False))
        assert [step.next_number for step in steps] == [2, 3, None]

    def test_an_id_twice_within_one_page_is_kept(self):
        (step,) = feed(Walk(), (["{JOB-ID}", "{JOB-ID}"], 2, False))
        assert step.fresh == (0, 1)
        assert step.next_number is None
        assert not step.drifted

    def test_the_seed_fixtures_hold_an_id_twice_and_are_read_whole(self, seed):
        document = seed("ops_manager_list")
        ids = [job["id"] for job in document["results"]]
        (step,) = feed(Walk(), (ids, document["totalCount"], False))
        assert len(ids) == 2
        assert step.fresh == (0, 1)
        assert step.next_number is None

    def test_a_page_says_nothing_of_more_unless_it_is_told_to(self):
        assert Walk().receive(PageFacts(["a"], 1)).next_number is None

    def test_pages_without_a_count_in_between_are_not_read_again(self):
        pages = [(["a"], 4, True), (["b"], None, True), (["c"], None, True), (["d"], 4, False)]
        assert [step.next_number for step in feed(Walk(), *pages)] == [2, 3, 4, None]

    def test_a_count_smaller_than_the_page_it_stands_on_is_no_count(self):
        steps = feed(Walk(), (["a", "b"], 0, False), (["c"], 0, False), ([], 0, False))
        assert [step.next_number for step in steps] == [2, 3, None]
        assert not any(step.drifted for step in steps)


class TestStartingLater:
    def test_asks_for_that_page_first(self):
        walk = Walk(7)
        assert walk.number == 7
        (step,) = feed(walk, (["a", "b"], 99, True))
        assert step.next_number == 8

    def test_pages_before_the_start_count_as_seen(self):
        steps = feed(Walk(3), (["e", "f"], 7, False), (["g"], 7, False))
        assert [step.next_number for step in steps] == [4, None]

    @pytest.mark.parametrize(("size", "total"), [(None, 3), (None, 0), (2, 8), (2, 3), (2, 0)])
    def test_behind_the_end_of_a_counted_list_is_an_error(self, size, total):
        with pytest.raises(PaginationError, match="page 5, where the walk starts, is behind the end") as caught:
            feed(Walk(5, size=size), ([], total, False))
        assert caught.value.resume_at == 1

    def test_an_uncounted_list_may_end_before_the_start(self):
        (step,) = feed(Walk(5), ([], None, False))
        assert step.next_number is None

    @pytest.mark.parametrize(("total", "more"), [(9, False), (9, True), (8, True), (None, True)])
    def test_an_empty_first_page_that_should_not_be_is_no_end(self, total, more):
        (step,) = feed(Walk(5, size=2), ([], total, more))
        assert step.next_number == 6

    def test_a_fall_since_the_walk_that_is_resumed_is_seen(self):
        # [a b][c d][e f]: resumed at page 3; a was deleted meanwhile, so e moved to page 2
        with pytest.raises(PaginationError, match="shrinks") as caught:
            feed(Walk(3, size=2, total_count=6), (["f"], 5, False))
        assert caught.value.resume_at == 2

    def test_a_fall_is_seen_on_an_empty_first_page_too(self):
        with pytest.raises(PaginationError, match="behind the end") as caught:
            feed(Walk(3, size=2, total_count=9), ([], 7, True), ([], 7, False))
        assert caught.value.resume_at == 1

    def test_a_rise_since_the_walk_that_is_resumed_is_not_missing(self):
        steps = feed(Walk(2, size=2, total_count=3), (["b", "c"], 4, False))
        assert steps[-1].next_number is None

    def test_the_last_page_alone_ends_within_one_request_more(self):
        steps = feed(Walk(3), (["e"], 5, False), ([], 5, False))
        assert steps[-1].next_number is None

    def test_reads_again_down_to_the_start(self):
        # [a b][c d][e f] -> b is deleted after page 2 -> [a c][d e][f]
        steps = feed(Walk(2), (["c", "d"], 6, False), (["f"], 5, False), (["d", "e"], 5, False))
        assert [step.next_number for step in steps] == [3, 2, None]
        assert steps[-1].fresh == (1,)

    def test_possible_moves_before_the_start_tell_where_to_resume(self):
        # [a b][c d][e f] -> a, b, c are deleted after page 2 -> [d e][f]: e is where this walk never was
        walk = Walk(2)
        feed(walk, (["c", "d"], 6, False))
        with pytest.raises(PaginationError) as caught:
            feed(walk, ([], 3, False))
        assert caught.value.resume_at == 1


class TestDriftUp:
    def test_an_id_of_the_page_before_is_dropped(self):
        pages = [(["a", "b"], 4, True), (["b", "c"], 5, True), (["d"], 5, False)]
        steps = feed(Walk(), *pages)
        assert yielded(pages, steps) == ["a", "b", "c", "d"]
        assert [step.drifted for step in steps] == [False, True, False]

    def test_is_seen_without_a_count_too(self):
        pages = [(["a", "b"], None, True), (["b", "c"], None, True), ([], None, False)]
        assert yielded(pages, feed(Walk(), *pages)) == ["a", "b", "c"]

    def test_a_page_of_known_ids_is_no_end_when_the_count_rose(self):
        pages = [(["a", "b"], 4, False), (["a", "b"], 6, False), (["c", "d"], 6, False), ([], 6, False)]
        steps = feed(Walk(), *pages)
        assert yielded(pages, steps) == ["a", "b", "c", "d"]
        assert [step.next_number for step in steps] == [2, 3, 4, None]
        assert steps[1].drifted

    def test_several_pages_of_known_ids_are_no_end_as_counts_rise(self):
        pages = [(["a"], 2, False), (["a"], 3, False), (["a"], 4, False), (["b"], 4, False), ([], 4, False)]
        steps = feed(Walk(), *pages)
        assert yielded(pages, steps) == ["a", "b"]
        assert steps[-1].next_number is None

    @pytest.mark.parametrize("distance", range(1, WINDOW + 1))
    def test_ids_are_remembered_over_the_window(self, distance):
        pages = [([str(number)], 999, True) for number in range(1, distance + 1)]
        *_, step = feed(Walk(), *pages, (["1", "new"], 999, True))
        assert step.fresh == (1,)

    def test_memory_stays_flat(self):
        walk = Walk()
        feed(walk, *(([f"{number}.{index}" for index in range(3)], 9999, True) for number in range(500)))
        assert len(walk._ids._known) <= 3 * WINDOW
        assert len(walk._ids._pages) <= WINDOW

    def test_memory_of_the_whole_walk_is_bounded_too(self):
        ids = DeliveredIds()
        for number in range(200):
            assert len(ids.sift(number, [f"{number}.{index}" for index in range(100)])) == 100
        assert MOST_EARLIER // 4 < len(ids._earlier) <= MOST_EARLIER

    def test_memory_stays_flat_for_an_id_that_is_always_there(self):
        walk = Walk()
        feed(walk, *((["pinned", str(number)], 9999, True) for number in range(500)))
        assert len(walk._ids._known) <= 2 * WINDOW
        assert walk.receive(PageFacts(["pinned", "x"], 9999, has_next=True)).fresh == (1,)


class TestDriftDown:
    def test_one_deletion_reads_the_page_before_again(self):
        # [a b][c d][e] -> a is deleted after page 1 -> [b c][d e]
        pages = [(["a", "b"], 5, False), (["d", "e"], 4, False), (["b", "c"], 4, False)]
        steps = feed(Walk(), *pages)
        assert [step.next_number for step in steps] == [2, 1, None]
        assert yielded(pages, steps) == ["a", "b", "d", "e", "c"]
        assert [step.drifted for step in steps] == [False, True, True]

    def test_goes_on_behind_the_pages_read_before(self):
        # [a b][c d][e f][g h] -> a is deleted after page 2 -> [b c][d e][f g][h]
        pages = [
            (["a", "b"], 8, True),
            (["c", "d"], 8, True),
            (["f", "g"], 7, True),
            (["d", "e"], 7, True),
            (["h"], 7, False),
        ]
        steps = feed(Walk(), *pages)
        assert [step.next_number for step in steps] == [2, 3, 2, 4, None]
        assert yielded(pages, steps) == ["a", "b", "c", "d", "f", "g", "e", "h"]

    @pytest.mark.parametrize(("fall", "back"), [(1, 3), (2, 3), (3, 2), (4, 2), (5, 1), (6, 1)])
    def test_goes_back_by_as_many_pages_as_the_fall_takes(self, fall, back):
        walk = Walk()
        feed(walk, *(([f"{number}a", f"{number}b"], 99, True) for number in (1, 2, 3)))
        (step,) = feed(walk, (["4a", "4b"], 99 - fall, True))
        assert step.next_number == back

    def test_an_empty_page_is_not_the_end_when_the_count_fell(self):
        # [a b][c d] -> a, b are deleted after page 1 -> [c d]
        pages = [(["a", "b"], 4, True), ([], 2, False), (["c", "d"], 2, False)]
        steps = feed(Walk(), *pages)
        assert [step.next_number for step in steps] == [2, 1, None]
        assert yielded(pages, steps) == ["a", "b", "c", "d"]

    def test_a_second_fall_while_reading_again_goes_back_further(self):
        # [a b][c d][e f][g h] -> a, b gone -> [c d][e f][g h] -> c, d gone while page 2 is read again -> [e f][g h]
        walk = Walk()
        steps = feed(walk, (["a", "b"], 8, True), (["c", "d"], 8, True), (["g", "h"], 6, False))
        assert steps[-1].next_number == 2
        (step,) = feed(walk, (["g", "h"], 4, False))
        assert step.next_number == 1
        (step,) = feed(walk, (["e", "f"], 4, False))
        assert step.fresh == (0, 1)

    def test_a_rise_while_reading_again_takes_the_newest_page_in(self):
        # [a b][c d][e f] -> a gone -> [b c][d e][f] -> x created -> [x b][c d][e f]: e is on page 3 again
        walk = Walk()
        steps = feed(walk, (["a", "b"], 6, True), (["c", "d"], 6, True), (["f"], 5, False), (["c", "d"], 6, True))
        assert [step.next_number for step in steps] == [2, 3, 2, 3]
        (step,) = feed(walk, (["e", "f"], 6, False))
        assert step.fresh == (0,)
        # The x is in the count and was not seen: one request too many is cheaper than a job lost.
        assert step.next_number == 4
        assert feed(walk, ([], 6, False))[0].next_number is None

    def test_a_drop_after_uncounted_pages_rereads_from_last_count(self):
        # [a b][c d][e f] -> a gone -> page 2 of [b c][d e][f] comes without a count
        walk = Walk()
        steps = feed(walk, (["a", "b"], 6, True), (["d", "e"], None, True), (["f"], 5, False))
        assert steps[-1].next_number == 1

    def test_a_drop_beyond_the_remembered_ids_tells_where_to_resume(self):
        walk = Walk()
        feed(walk, *(([str(number)], 999, True) for number in range(1, 41)))
        with pytest.raises(PaginationError, match="shrinks") as caught:
            feed(walk, (["41"], 900, True))
        assert caught.value.resume_at == 1

    def test_a_list_that_shrinks_for_ever_is_an_error(self):
        walk = Walk()
        feed(walk, *(([f"{number}a", f"{number}b"], 10**9, True) for number in range(1, 13)))
        shrinking = (PageFacts([f"new {fall}"], 10**9 - 2 * fall, has_next=True) for fall in itertools.count(1))
        with pytest.raises(PaginationError, match="shrinks"):
            drive(walk, shrinking, most=4 * WINDOW)

    def test_pages_read_again_do_not_repeat_remembered_ids(self):
        most = WINDOW - 2
        walk = Walk()
        feed(walk, *(([f"{number}a", f"{number}b"], 200, True) for number in range(1, 61)))
        (step,) = feed(walk, (["61a", "61b"], 200 - 2 * most, True))
        numbers = []
        while step.next_number != 62:
            numbers.append(step.next_number)
            number = step.next_number
            step = walk.receive(PageFacts([f"{number}a", f"{number}b"], 200 - 2 * most, has_next=True))
            assert step.fresh == ()
        assert numbers == list(range(61 - most, 61))

    def test_one_page_further_back_is_an_error(self):
        walk = Walk()
        feed(walk, *(([f"{number}a", f"{number}b"], 200, True) for number in range(1, 61)))
        with pytest.raises(PaginationError, match="shrinks") as caught:
            feed(walk, (["61a", "61b"], 200 - 2 * (WINDOW - 2) - 1, True))
        assert caught.value.resume_at == 61 - (WINDOW - 1)


class TestRepeatedPages:
    def test_an_endpoint_without_paging_ends_with_its_third_answer(self):
        steps = feed(Walk(), *[(["a", "b"], None, False)] * 3)
        assert [step.next_number for step in steps] == [2, 3, None]
        assert steps[-1].fresh == ()
        assert not steps[-1].drifted

    def test_a_server_that_clamps_to_the_last_page_ends_the_walk(self):
        steps = feed(Walk(), (["a", "b"], None, False), *[(["c"], None, False)] * 3)
        assert [step.next_number for step in steps] == [2, 3, 4, None]

    def test_a_page_of_new_items_is_no_end_without_signals(self):
        # as many were created as a page holds
        pages = [["a", "b"], ["a", "b"], ["c", "d"], ["c", "d"], ["c", "d"], ["c", "d"], ["e"], []]
        steps = feed(Walk(), *((page, None, False) for page in pages))
        assert [index for index, step in enumerate(steps) if step.fresh] == [0, 2, 6]
        assert steps[-1].next_number is None

    def test_more_new_items_than_a_page_are_no_end_without_signals(self):
        steps = feed(Walk(), *((list(page), None, False) for page in [*"abcdccde", ""]))
        assert [index for index, step in enumerate(steps) if step.fresh] == [0, 1, 2, 3, 7]
        assert steps[-1].next_number is None

    def test_a_round_of_pages_without_signals_is_an_error(self):
        walk = Walk()
        with pytest.raises(PaginationError, match="repeat") as caught:
            feed(walk, *(([page], None, False) for page in "abcabc"))
        assert caught.value.resume_at == 4

    @pytest.mark.parametrize("total", [None, 10**6])
    @pytest.mark.parametrize("shift", [0, 1])
    @pytest.mark.parametrize("count", [25, 60, 3_000, 20_000])
    def test_a_list_that_comes_round_is_an_error_in_two_rounds(self, count, shift, total):
        size, length = max(1, count // 50), count + shift
        walk = Walk()
        begins = range(0, 2 * length + size, size)
        pages = [[f"{place % length}" for place in range(begin, begin + size)] for begin in begins]
        with pytest.raises(PaginationError, match="repeat"):
            drive(walk, (PageFacts(page, total, has_next=True) for page in pages), most=len(pages))

    def test_two_pages_without_new_ids_and_a_next_link_are_an_error(self):
        walk = Walk()
        steps = feed(walk, (["a", "b"], 2, True), (["a", "b"], 2, True))
        assert steps[-1].next_number == 3
        with pytest.raises(PaginationError, match="repeat") as caught:
            feed(walk, (["a", "b"], 2, True))
        assert caught.value.resume_at == 2  # what should be on it may be there later
        assert caught.value.request is None

    def test_two_pages_without_new_ids_below_the_count_are_an_error(self):
        walk = Walk()
        feed(walk, (["a", "b"], 3, False), (["a", "b"], 3, False))
        with pytest.raises(PaginationError, match="repeat"):
            feed(walk, (["a", "b"], 3, False))

    def test_a_repeated_page_is_an_error_though_it_lost_its_count(self):
        walk = Walk()
        feed(walk, (["a"], 5, False), (["a"], None, False))
        with pytest.raises(PaginationError, match="repeat"):
            feed(walk, (["a"], None, False))

    def test_a_different_page_of_earlier_ids_is_no_clamping(self):
        # What was pushed down by more than a page shows older ids than those of the page before.
        pages = [(["a"], 5, False), (["b"], 5, False), (["c"], 3, False), (["a"], 3, False), (["b"], 3, False)]
        steps = feed(Walk(), *pages, (["b"], 3, False))
        assert [step.next_number for step in steps] == [2, 3, 1, 2, 4, 5]

    def test_only_pages_in_a_row_count(self):
        pages = [(["a"], 9, True), (["a"], 9, True), (["b"], 9, True), (["b"], 9, True), (["c"], 9, True)]
        steps = feed(Walk(), *pages)
        assert steps[-1].next_number == 6

    @pytest.mark.parametrize("total", [None, 5, 10**6])
    @pytest.mark.parametrize("length", range(1, WINDOW + 1))
    def test_a_loop_of_pages_is_an_error_within_twenty_requests(self, length, total):
        loop = itertools.cycle([PageFacts([f"{page}"], total, has_next=True) for page in range(length)])
        walk = Walk()
        with pytest.raises(PaginationError):
            drive(walk, loop, most=MOST_REQUESTS_IN_A_LOOP)

    def test_an_endlessly_rising_count_ends_within_twenty_requests(self):
        pages = (PageFacts(["a", "b"], total, has_next=False) for total in itertools.count(3))
        with pytest.raises(PaginationError, match="repeat"):
            drive(Walk(), pages, most=MOST_REQUESTS_IN_A_LOOP)

    def test_a_clamping_server_ends_the_walk_after_a_deletion_too(self):
        # [a b][c d] -> d is deleted after page 1: what is counted was all seen
        pages = [(["a", "b"], 4, False), (["c"], 3, False), (["a", "b"], 3, False), (["c"], 3, False)]
        walk = Walk()
        steps = feed(walk, *pages)
        assert steps[-1].next_number is None
        assert yielded(pages, steps) == ["a", "b", "c"]


@attrs.define
class Server:
    """A list behind offset paging, as a server would show it."""

    items: list[str]
    size: int
    counts: bool = True
    links: bool = True
    clamps: bool = False
    pages: bool = True

    def page(self, number: int) -> PageFacts:
        if not self.pages:
            number, size = 1, max(1, len(self.items))
        else:
            size = self.size
        last = max(1, math.ceil(len(self.items) / size))
        if self.clamps:
            number = min(number, last)
        begin = (number - 1) * size
        return PageFacts(
            ids=self.items[begin : begin + size],
            total_count=len(self.items) if self.counts else None,
            has_next=self.links and number < last,
        )


@attrs.define
class Outcome:
    """How a walk over a changing list went."""

    yielded: list[str] = attrs.field(factory=list)
    requests: int = 0
    failed: bool = False
    present: set[str] = attrs.field(factory=set)
    first: list[str] = attrs.field(factory=list)
    drifted: bool = False
    counted: bool = False


def walk_over(server, changes, *, starting_at=1):
    """Walk, changing the list before each request as ``changes`` says; nothing may come twice."""
    outcome, walk, pages, furthest, resume_at = Outcome(), Walk(starting_at), {}, 0, None
    names = (f"new{number}" for number in itertools.count())
    number: int | None = walk.number
    while number is not None:
        assert number == walk.number
        assert outcome.requests < 4000, "the walk does not end"
        if outcome.requests and outcome.requests <= len(changes):
            apply(server.items, changes[outcome.requests - 1], names)
        if not outcome.requests:
            outcome.first, outcome.present = list(server.items), set(server.items)
        outcome.present &= set(server.items)
        outcome.requests += 1
        facts = server.page(number)
        try:
            step = walk.receive(facts)
        except PaginationError as error:
            outcome.failed, resume_at = True, error.resume_at
            break
        furthest = max(furthest, number)
        fresh = [facts.ids[index] for index in step.fresh]
        for item in fresh:
            # Memory is flat: what was pushed down further than it reaches is taken for new.
            assert item not in pages or furthest - pages[item] >= WINDOW, "yielded twice"
        for item in facts.ids:
            pages[item] = max(number, pages.get(item, number))
        outcome.yielded += fresh
        outcome.counted = facts.total_count is not None
        outcome.drifted |= step.drifted
        number = step.next_number
    assert not outcome.failed or resume_at >= 1
    return outcome


def apply(items, change, names):
    """Change a list by a pure insertion (a positive amount) or a pure deletion, at places spread by a seed."""
    amount, where = change
    for _ in range(amount):
        items.insert(where % (len(items) + 1), next(names))
    for index in range(-amount):
        if items:
            del items[(where + index * 7) % len(items)]


def jobs(count):
    return [f"job{number}" for number in range(count)]


ids = st.integers(0, 40).map(jobs)
nothing = st.just((0, 0))
small = st.tuples(st.integers(-3, 3), st.integers(0, 60))
large = st.tuples(st.integers(-12, 12), st.integers(0, 60))
front = st.tuples(st.integers(1, 6), st.just(0))
plans = st.lists(st.one_of(nothing, nothing, small, large, front), max_size=40)


@given(
    items=ids,
    size=st.integers(1, 9),
    counts=st.booleans(),
    links=st.booleans(),
    clamps=st.booleans(),
    pages=st.booleans(),
)
def test_a_list_at_rest_is_read_whole_once_and_in_order(items, size, counts, links, clamps, pages):
    outcome = walk_over(Server(list(items), size, counts=counts, links=links, clamps=clamps, pages=pages), [])

    assert not outcome.failed
    assert outcome.yielded == items
    # A list without a count and links costs one more; one that gives the last page again and again costs two.
    again = 2 if items and not counts and (clamps or not pages) else 1
    assert outcome.requests <= max(1, math.ceil(len(items) / size) if pages else 1) + again


@given(items=ids, size=st.integers(1, 9), counts=st.booleans(), links=st.booleans(), starting_at=st.integers(1, 12))
def test_a_list_at_rest_is_read_from_any_page_on(items, size, counts, links, starting_at):
    outcome = walk_over(Server(list(items), size, counts=counts, links=links), [], starting_at=starting_at)

    rest = items[(starting_at - 1) * size :]
    assert outcome.failed == (counts and not rest and starting_at > 1)
    assert not outcome.drifted
    assert outcome.yielded == rest
    assert outcome.requests <= max(1, math.ceil(len(rest) / size)) + 1


# Found by breaking the walk on purpose: a fall while pages are read again, and a rise that pushes what moved up
# past the end seen before.
@example(items=jobs(21), size=3, links=False, plan=[(0, 0), (0, 0), (-4, 0), (-3, 0)], starting_at=1)
@example(items=jobs(13), size=4, links=False, plan=[(0, 0), (0, 0), (-1, 0), (5, 0)], starting_at=1)
@given(items=ids, size=st.integers(1, 5), links=st.booleans(), plan=plans, starting_at=st.integers(1, 4))
def test_constant_items_come_exactly_once_or_the_walk_fails(items, size, links, plan, starting_at):
    outcome = walk_over(Server(list(items), size, links=links), plan, starting_at=starting_at)

    wanted = outcome.present & set(outcome.first[(starting_at - 1) * size :])
    assert outcome.failed or wanted <= set(outcome.yielded)


@attrs.define
class ForgetfulServer(Server):
    """A server that gives up counting now and then."""

    uncounted: frozenset[int] = frozenset()
    asked: int = 0

    def page(self, number: int) -> PageFacts:
        self.asked += 1
        page = super().page(number)
        return page._replace(total_count=None) if page.ids and self.asked in self.uncounted else page


@given(
    items=ids,
    size=st.integers(1, 5),
    links=st.booleans(),
    plan=plans,
    uncounted=st.frozensets(st.integers(1, 30)),
)
def test_a_shrinking_list_with_uncounted_pages_is_read_whole(items, size, links, plan, uncounted):
    # The first count is what later ones are compared with.
    server = ForgetfulServer(list(items), size, links=links, uncounted=uncounted - {1})
    outcome = walk_over(server, [(-abs(amount), where) for amount, where in plan])

    # Nothing tells of a deletion right before the last page if that page comes without a count.
    assert outcome.failed or not outcome.counted or outcome.present <= set(outcome.yielded)


@given(
    items=ids,
    size=st.integers(1, 5),
    counts=st.booleans(),
    links=st.booleans(),
    clamps=st.booleans(),
    pages=st.booleans(),
    plan=plans,
)
def test_a_walk_over_any_server_ends_and_repeats_nothing(items, size, counts, links, clamps, pages, plan):
    outcome = walk_over(Server(list(items), size, counts=counts, links=links, clamps=clamps, pages=pages), plan)

    assert outcome.requests <= 40 * (1 + len(plan)) + 2 * len(items)


facts = st.builds(
    PageFacts,
    ids=st.lists(st.sampled_from("abcdef"), max_size=4),
    total_count=st.none() | st.integers(-3, 40),
    has_next=st.booleans(),
)


@given(
    script=st.lists(facts, max_size=60),
    rest=facts,
    climbing=st.integers(-3, 3),
    starting_at=st.integers(1, 3),
)
def test_no_sequence_of_answers_keeps_a_walk_going_for_ever(script, rest, climbing, starting_at):
    tail = (
        rest._replace(total_count=None if rest.total_count is None else rest.total_count + climbing * turn)
        for turn in itertools.count()
    )
    walk = Walk(starting_at)
    last_seen: dict[str, int] = {}
    furthest = 0
    for request, page in enumerate(itertools.chain(script, tail)):
        assert request < len(script) + 6 * MOST_REQUESTS_IN_A_LOOP
        number = walk.number
        try:
            step = walk.receive(page)
        except PaginationError:
            return
        furthest = max(furthest, number)
        fresh = {page.ids[index] for index in step.fresh}
        for item in fresh:
            assert item not in last_seen or furthest - last_seen[item] >= WINDOW
        for item in page.ids:
            last_seen[item] = max(number, last_seen.get(item, number))
        if step.next_number is None:
            return
        assert starting_at <= step.next_number <= number + WINDOW + 1
