"""Lists: which page to ask for, reading it, and handing out its items.

What comes in is a ``ListSource`` (where a list is, how its items become models) and a ``ListQuery`` (what is asked of
it). What goes out are items and pages. The verbs that make lists are in the room ``resources``.

=====================  ===============================================================================================
to change              open
=====================  ===============================================================================================
where a walk goes      ``paging``: the decision alone, without I/O; drift, repeated pages, the end
what a walk remembers  ``walk_memory``: ids delivered, positions read
query parameters       ``page_reader``: one call for a page, its query, the fallback to pages of 100
``first``, ``collect`` ``pager``: what users hold, and its verbs
``async for``          ``iterators``: the rules of cancellation, errors and the end of an iterator
calls ahead            ``pages_ahead``: ``ahead()`` and ``collect(concurrency=)``
lists without a model  ``raw_documents``: any list endpoint, and what an item without an id is known by
pauses for other tasks ``materialize``: a page is worked on in slices, so that it never holds up the event loop
=====================  ===============================================================================================

Pages ahead, theory of operation. The walk is the same as without: it decides page by page, and only it gives pages to
the user. Beside it there is a window of calls for pages that the walk will probably need.

- The window is sized by what was received: the last page is ``totalCount`` / length of page 1, for servers cap page
  sizes. So nothing is asked for ahead before page 1 is there, nor without a count, nor behind a ``limit``.
- A page read ahead is used only if its count is that of the page before it. With another count the list has changed
  between the two reads, and an item may have moved over the boundary unseen: the page is read again. Without counts
  it is used only if it came after the page before it; and where an item comes twice though the count stayed, what was
  asked for ahead is dropped.
- A page that the walk goes back to is never taken from a call of before.
- An error of a call ahead is kept, and raised only when the walk needs that page.
- A cancelled ``anext`` cancels the call for the page it waits for; the calls for later pages continue.

Example: ``ahead(2)``, 7 items, pages of 2. The walk needs page 1: one call. Its count says 4 pages. The walk needs page
2: calls for 2, 3 and 4 at once. Page 2 comes with a count of 7, the user gets it. Meanwhile an item of page 1 was
deleted, and page 3, which was read after that, has a count of 6: it is dropped and read again. With the fallen count
the walk then goes back to page 2, where the first item of the old page 3 is now, and gives only what is new.
"""

__all__: list[str] = []
