"""The ways to walk a list."""

from builders.lists import walk_into

__all__ = ["WAYS", "ahead", "collected", "collected_at_once", "with_pages"]


async def with_pages(seen, pager):
    async for page in pager.pages():
        seen += [job.id for job in page]


async def collected(seen, pager):
    seen += [job.id for job in await pager.collect()]


async def collected_at_once(seen, pager):
    seen += [job.id for job in await pager.collect(concurrency=4)]


async def ahead(seen, pager):
    async with pager.ahead(2) as pages:
        async for page in pages:
            seen += [job.id for job in page]


WAYS = [walk_into, with_pages, collected, collected_at_once, ahead]
