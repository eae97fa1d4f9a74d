"""Documents to models, and requests to documents.

In come the bytes of a list, or a JSON value that :mod:`~mongorestore_async.protocol.replies` decoded. Out come models,
or a :class:`~mongorestore_async.errors.DataError` that names every place that does not fit, and no value.

- ``list_documents``: a page, the fast way. Its items are decoded with it by msgspec (``structs``) and become models
  when they are accessed.
- ``structuring``: JSON values, and all that the fast way does not take, by cattrs. Users register hooks here.
- ``explainer``: what cattrs found wrong, as paths and complaints. ``scalars``: which forms of a date, a number, a word
  are taken; change what is tolerated here, and only here.
- ``documents``: jobs of a list, of a create, and :func:`load_job`. ``request_bodies``, ``atlas_request_bodies``
  and ``collection_bodies``: the other direction.

Theory of operation: the two ways must mean the same. So the fast way only takes the plainest forms, and proves that it
lost nothing: a page that was decoded is written as JSON again and compared with its body. ``{"results":[{"id":"J"}]}``
comes out as it was. ``{"results":[{"id":"J","new":1}]}`` comes out shorter at first: ``new`` is learned, and from then
on it comes out as well. ``{"results":[{"id":"J","id":"K"}]}`` comes out shorter whatever is learned: it is left to the
decoder of the standard library, which refuses it with the path. ``{"results":[{"id":"J","created":0}]}`` is refused by
msgspec, for no date is a number there: the converter takes it, as epoch seconds. Long pages are decoded in one turn of
the event loop and checked in the next (``decode_in_turns``); nothing of a page is handed out before it is checked.
"""

__all__: list[str] = []
